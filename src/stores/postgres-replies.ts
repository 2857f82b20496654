import { CaptureError } from '../core/errors/capture-error.ts'

/** Reads the single row of a statement that counts. */
export function countOf(rows: readonly unknown[]): number {
  return knownNumberOf(rows[0], 'count')
}

/** Reads a column of numbers; `undefined` stands for NULL. */
export function numberOf(row: unknown, column: string): number | undefined {
  const value = valueOf(row, column)
  if (value === null) return undefined
  return typeof value === 'number' ? value : refuse()
}

/** Reads the number that a column always has. */
export function knownNumberOf(row: unknown, column: string): number {
  return numberOf(row, column) ?? refuse()
}

/** Reads a column of text, as it stands in each row. */
export function textsOf(rows: readonly unknown[], column: string): string[] {
  return rows.map((row) => textOf(row, column))
}

export function textOf(row: unknown, column: string): string {
  const value = valueOf(row, column)
  return typeof value === 'string' ? value : refuse()
}

export function valueOf(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[column] : refuse()
}

function refuse(): never {
  throw new CaptureError(
    'SET_REPLY_INVALID',
    'The client gave a PostgresSet other rows than it asked for. Pass one that resolves to { rows }, with each row as an object by column names, and texts and integers as they are.',
  )
}
