import { quoteIdentifier } from '../sql/identifier.ts'

/** An expression in pieces: SQL as it stands, and columns. */
export type ExpressionParts = readonly (string | { readonly column: string })[]

/**
 * Takes the template of an expression apart. `{title}` is a column where it is declared; `{{` and `}}` are braces.
 *
 * @example
 * ```ts
 * parseExpression('UPPER({title})', ['title'], report) // ['UPPER(', { column: 'title' }, ')']
 * ```
 */
export function parseExpression(
  template: string,
  columns: readonly string[],
  report: (problem: string) => void,
): ExpressionParts {
  // The longest first: of the columns `a` and `a}b`, `{a}b}` is the second.
  const declared = columns.toSorted((a, b) => b.length - a.length)
  const parts: (string | { column: string })[] = []
  let text = ''
  for (let at = 0; at < template.length; at += 1) {
    const brace = template[at] as string
    const column = brace === '{' ? declared.find((name) => template.startsWith(`{${name}}`, at)) : undefined
    if (column !== undefined) {
      parts.push(text, { column })
      text = ''
      at += column.length + 1
    } else if (brace !== '{' && brace !== '}') {
      text += brace
    } else if (template[at + 1] === brace) {
      text += brace
      at += 1
    } else {
      report(problemAt(template, at))
      break
    }
  }
  return [...parts, text].filter((part) => part !== '')
}

/** The expression over a row that goes by the alias. */
export function expressionSql(parts: ExpressionParts, alias: string): string {
  const sql = parts.map((part) =>
    typeof part === 'string' ? part : `${alias}.${quoteIdentifier(part.column)}`,
  )
  return `(${sql.join('')})`
}

function problemAt(template: string, at: number): string {
  const end = template.indexOf('}', at)
  if (template[at] === '}' || end === -1)
    return `has a "${template[at]}" that belongs to no column; a brace in the SQL is written twice`
  return `names the column "${template.slice(at + 1, end)}", which "columns" does not declare`
}
