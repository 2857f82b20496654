/** The bytes, or `undefined` for what is no base64. */
export function bytesOfBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) return undefined
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function base64Text(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * A decimal from the bytes of its unscaled value, the most significant first, in two's complement.
 *
 * @example
 * ```ts
 * decimalText(Uint8Array.of(0x04, 0xd2), 2) // '12.34'
 * ```
 */
export function decimalText(bytes: Uint8Array, scale: number): string {
  if (bytes.length === 0) return '0'
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${hexText(bytes)}`))
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale))
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
