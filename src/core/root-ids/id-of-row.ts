import { CaptureError } from '../errors/capture-error.ts'

/** The id in a row of a statement that selects ids as text. @throws CaptureError `CLIENT_RESULT_INVALID` */
export function idOfRow(row: unknown): string {
  const id: unknown = typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined
  if (typeof id === 'string') return id
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    'The client gave a row without the text column "id" that was asked for. Pass a client whose query(text, values) ' +
      'resolves to { rows } with one object per row.',
  )
}
