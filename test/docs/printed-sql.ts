/** SQL in lines that are not too long, for a page. It says the same: only white space differs. */
export function printedSql(sql: string, width = 110): string {
  const lines = new Layout(width).lines(parsed(sql), '')
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** A word with what hangs on to it, or what stands in a pair of brackets. */
type Part = string | readonly Part[]

function parsed(sql: string): Part[] {
  const tokens = sql.match(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[()]|,|[^\s(),"']+|\s+/g) ?? []
  const open: Part[][] = [[]]
  for (const token of tokens) {
    const parts = open.at(-1)!
    if (token === '(') open.push([])
    else if (token === ')' && open.length > 1) {
      open.pop()
      open.at(-1)!.push(parts)
    } else parts.push(/^\s+$/.test(token) ? ' ' : token)
  }
  return open[0]!
}

function inOneLine(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : `(${inOneLine(part)})`))
    .join('')
    .trim()
}

class Layout {
  readonly #width: number

  constructor(width: number) {
    this.#width = width
  }

  /** Breaks where the meaning does: at clauses, then at commas, then at conditions, and last inside the longest brackets. */
  lines(parts: readonly Part[], indent: string): string[] {
    const line = indent + inOneLine(parts)
    if (line.length <= this.#width) return [line]
    const clauses = split(parts, beginsClause)
    if (clauses.length > 1) return clauses.flatMap((clause) => this.lines(clause, indent))
    const items = itemsOf(parts)
    if (items.length > 1) {
      const further = clauseWords.has(String(parts[0])) ? `${indent}  ` : indent
      return items.flatMap((item, at) => this.lines(item, at === 0 ? indent : further))
    }
    const [first = [], ...terms] = split(parts, (part) => part === 'FILTER' || part === 'AND')
    if (terms.length === 0) return this.#brackets(parts, indent)
    return [...this.lines(first, indent), ...terms.flatMap((term) => this.lines(term, `${indent}  `))]
  }

  #brackets(parts: readonly Part[], indent: string): string[] {
    const long = parts.reduce(
      (longest, part) => (length(part) > length(longest) ? part : longest),
      '' as Part,
    )
    if (typeof long === 'string') return [indent + inOneLine(parts)]
    const at = parts.indexOf(long)
    const [first = '', ...others] = this.lines(parts.slice(at + 1), indent)
    return [
      `${indent}${inOneLine(parts.slice(0, at))}${blank(parts[at - 1])}(`,
      ...this.lines(long, `${indent}  `),
      `${indent})${blank(parts[at + 1])}${first.trimStart()}`,
      ...others,
    ]
  }
}

const clauseWords = new Set(['SELECT', 'FROM', 'LEFT', 'JOIN', 'WHERE', 'GROUP', 'ORDER', 'LIMIT', 'UNION'])

function beginsClause(part: Part, at: number, parts: readonly Part[]): boolean {
  const before = parts[at - 2]
  if ((part === 'JOIN' && before === 'LEFT') || (part === 'FROM' && before === 'DISTINCT')) return false
  return clauseWords.has(String(part))
}

/** What stands between commas; names and values of JSON_BUILD_OBJECT in pairs. */
function itemsOf(parts: readonly Part[]): Part[][] {
  const items = split(parts, (_part, at) => parts[at - 1] === ',')
  if (!String(parts[0]).startsWith("'")) return items
  return items.flatMap((item, at) => (at % 2 === 0 ? [[...item, ' ', ...(items[at + 1] ?? [])]] : []))
}

function blank(part: Part | undefined): string {
  return part === ' ' ? ' ' : ''
}

function length(part: Part): number {
  return typeof part === 'string' ? 0 : inOneLine(part).length
}

function split(
  parts: readonly Part[],
  begins: (part: Part, at: number, parts: readonly Part[]) => boolean,
): Part[][] {
  const pieces: Part[][] = [[]]
  parts.forEach((part, at) => {
    if (at > 0 && begins(part, at, parts)) pieces.push([])
    pieces.at(-1)!.push(part)
  })
  return pieces.map(withoutBlanks).filter((piece) => piece.length > 0)
}

function withoutBlanks(parts: Part[]): Part[] {
  const first = parts.findIndex((part) => part !== ' ')
  return first === -1 ? [] : parts.slice(first, parts.findLastIndex((part) => part !== ' ') + 1)
}
