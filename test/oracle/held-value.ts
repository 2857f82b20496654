/**
 * What an object holds of the JSON of a value, read off the documented table: of a number that JavaScript does not have, the
 * digits.
 */
export function heldValue(json: string): unknown {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
  return JSON.parse(
    json.replaceAll(tokens, (token) => (token.startsWith('"') || isHeld(token) ? token : `"${token}"`)),
  )
}

const LARGEST = 2n ** 53n - 1n

function isHeld(digits: string): boolean {
  if (/^-?\d+$/.test(digits)) return BigInt(digits) <= LARGEST && BigInt(digits) >= -LARGEST
  const number = Number(digits)
  return Number.isFinite(number) && isEqual(String(number), digits)
}

/** Whether two decimals are one number. */
function isEqual(one: string, other: string): boolean {
  const [left, right] = [fraction(one), fraction(other)]
  const places = Math.max(left.places, right.places)
  if (places > 2_000) return false
  return (
    left.digits * 10n ** BigInt(places - left.places) === right.digits * 10n ** BigInt(places - right.places)
  )
}

/** A decimal as a whole number and how many of its digits stand behind the point. */
function fraction(text: string): { digits: bigint; places: number } {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', behind = ''] = mantissa.split('.')
  const places = behind.length - Number(exponent)
  const digits = BigInt(whole + behind)
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places }
}
