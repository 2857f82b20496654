import { CaptureError } from '../../core/errors/capture-error.ts'

/**
 * Reads a WAL position from Postgres's text form.
 *
 * @example
 * ```ts
 * parseLsn('16/B374D848') // 97500059720n
 * ```
 * Throws `OPTION_INVALID` where the text is no position.
 */
export function parseLsn(text: string): bigint {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text)
  if (!match)
    throw new CaptureError('OPTION_INVALID', `"${text}" is not a WAL position; one looks like 16/B374D848.`)
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)
}

/**
 * Writes a WAL position as Postgres prints it.
 *
 * @example
 * ```ts
 * formatLsn(97500059720n) // '16/B374D848'
 * ```
 */
export function formatLsn(position: bigint): string {
  const high = position >> 32n
  const low = position & 0xffff_ffffn
  return `${high.toString(16)}/${low.toString(16)}`.toUpperCase()
}
