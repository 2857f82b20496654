import { CaptureError } from '../errors/capture-error.ts'

/** The id in a row of a statement that selects ids as text. @throws CaptureError `CLIENT_RESULT_INVALID` */
export function idOfRow(row: unknown): string {
  const id: unknown = typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined
  if (typeof id === 'string') return id
  throw invalid('id')
}

/** The ids in the one row of a page: a JSON array of texts. @throws CaptureError `CLIENT_RESULT_INVALID` */
export function idsOfPage(row: unknown): string[] {
  const ids: unknown = typeof row === 'object' && row !== null && 'ids' in row ? row.ids : undefined
  // Postgres has made the text.
  if (typeof ids === 'string') return JSON.parse(ids) as string[]
  throw invalid('ids')
}

function invalid(column: string): CaptureError {
  return new CaptureError(
    'CLIENT_RESULT_INVALID',
    `The client gave no row with the text column "${column}" that was asked for. Pass a client whose query(text, values) ` +
      'resolves to { rows } with one object per row.',
  )
}
