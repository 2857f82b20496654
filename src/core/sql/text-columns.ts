import { CaptureError } from '../errors/capture-error.ts'

/** A row's columns of type text. @throws CaptureError `CLIENT_RESULT_INVALID` where the client gives something else. */
export function textColumns<Name extends string>(row: unknown, names: readonly Name[]): Record<Name, string> {
  if (hasTexts(row, names)) return row
  const shown = names.map((name) => `"${name}"`).join(', ')
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    `The client gave no text columns ${shown} that were asked for.`,
  )
}

function hasTexts<Name extends string>(row: unknown, names: readonly Name[]): row is Record<Name, string> {
  if (typeof row !== 'object' || row === null) return false
  const columns = new Map<string, unknown>(Object.entries(row))
  return names.every((name) => typeof columns.get(name) === 'string')
}
