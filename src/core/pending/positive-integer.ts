import { CaptureError } from '../errors/capture-error.ts'

/** Returns `value` where it is a whole number above zero; else throws `OPTION_INVALID`, naming the option. */
export function positiveInteger(value: number, option: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new CaptureError(
    'OPTION_INVALID',
    `"${option}" must be a whole number above zero, not ${String(value)}.`,
  )
}
