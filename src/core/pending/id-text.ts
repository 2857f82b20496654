import { CaptureError } from '../errors/capture-error.ts'
import { keyText } from '../events/key-text.ts'

/**
 * The canonical form of a root id, as {@link keyText} has it: `1`, `1n` and `'1'` are one id. `null`, `undefined`, objects
 * and symbols are none, and give a `CaptureError` with the code `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * idText(9007199254740993n) // '9007199254740993'
 * ```
 */
export function idText(id: unknown): string {
  try {
    return keyText(id)
  } catch (cause) {
    const kind = id === null ? 'null' : typeof id
    throw new CaptureError(
      'OPTION_INVALID',
      `An id can't be ${kind}: pass the text that Postgres prints for it.`,
      { cause },
    )
  }
}
