import type { SqlParts } from './query-builder.ts'

/**
 * A piece of a statement: the text as it stands, with SQL put in that is text or pieces in turn. A text is taken for SQL, so
 * names and literals have to be quoted; a value goes in as a parameter, `[{ value }]`.
 *
 * @example
 * ```ts
 * sql`${alias}.${quoteIdentifier(column)} = ${[{ value: 'draft' }]}`
 * ```
 */
export function sql(text: TemplateStringsArray, ...inserted: (string | SqlParts)[]): SqlParts {
  return text.flatMap((part, index) => [part, ...piecesOf(inserted[index] ?? '')])
}

/** The pieces, with a text between each two. */
export function joinSql(pieces: readonly (string | SqlParts)[], separator: string): SqlParts {
  return pieces.flatMap((piece, index) => (index === 0 ? piecesOf(piece) : [separator, ...piecesOf(piece)]))
}

function piecesOf(piece: string | SqlParts): SqlParts {
  return typeof piece === 'string' ? [piece] : piece
}
