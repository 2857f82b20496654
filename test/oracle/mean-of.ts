const SIGNIFICANT_DIGITS = 16
/** Postgres holds a numeric in digits of this many decimal ones. */
const DIGIT = 4

/** The mean of decimal numbers as Postgres prints them, to the place to which it divides and rounds. */
export function meanOf(texts: readonly string[]): string {
  const scale = Math.max(...texts.map((text) => text.split('.')[1]?.length ?? 0))
  const sum = texts.reduce((total, text) => total + scaledTo(text, scale), 0n)
  const count = BigInt(texts.length)
  const [dividend, divisor] = [leadingDigit(sum, scale), leadingDigit(count, 0)]
  const weight = dividend.weight - divisor.weight - (dividend.digit <= divisor.digit ? 1 : 0)
  const places = Math.max(SIGNIFICANT_DIGITS - weight * DIGIT, scale, 0)
  return decimal(divided(sum * 10n ** BigInt(places), count * 10n ** BigInt(scale)), places)
}

function scaledTo(text: string, scale: number): bigint {
  const [whole = '', places = ''] = text.split('.')
  return BigInt(whole + places.padEnd(scale, '0'))
}

/** The first digit of the number in base 10,000, and the power of the base that it stands for. */
function leadingDigit(number: bigint, scale: number): { digit: number; weight: number } {
  const digits = String(number < 0n ? -number : number).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const padded = whole.padStart(Math.ceil(whole.length / DIGIT) * DIGIT, '0')
  const groups = (padded + digits.slice(digits.length - scale)).match(/.{1,4}/g) ?? []
  const first = groups.findIndex((group) => Number(group) !== 0)
  if (first === -1) return { digit: 0, weight: 0 }
  return { digit: Number(groups[first]?.padEnd(DIGIT, '0')), weight: padded.length / DIGIT - 1 - first }
}

/** Rounded, halves away from zero. */
function divided(dividend: bigint, divisor: bigint): bigint {
  const half = dividend < 0n ? -divisor : divisor
  return (dividend * 2n + half) / (divisor * 2n)
}

function decimal(number: bigint, places: number): string {
  const digits = String(number < 0n ? -number : number).padStart(places + 1, '0')
  const text = `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`
  return number < 0n ? `-${text}` : text
}
