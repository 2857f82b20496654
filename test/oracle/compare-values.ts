/** Types that can be ordered here as Postgres does it. */
const KINDS: Readonly<Record<string, 'number' | 'text'>> = {
  int: 'number',
  bigint: 'number',
  numeric: 'number',
  uuid: 'text',
  boolean: 'text',
}

export function isOrderedType(type: string): boolean {
  return Object.hasOwn(KINDS, type)
}

export function isNumberType(type: string): boolean {
  return KINDS[type] === 'number'
}

/** Compares two values as Postgres prints them, as `sort` wants it. */
export function compareValues(type: string, left: string, right: string): number {
  const [one, other] = isNumberType(type) ? [scaled(left), scaled(right)] : [left, right]
  return one < other ? -1 : one > other ? 1 : 0
}

/** A decimal number of up to 20 places as a whole one. */
export function scaled(text: string | null | undefined): bigint {
  const [, sign = '', whole = '', places = ''] = /^(-?)(\d+)(?:\.(\d{0,20}))?$/.exec(text ?? '') ?? []
  if (whole === '') throw new Error('This is no number.')
  return BigInt(`${sign}${whole}${places.padEnd(20, '0')}`)
}
