import { noBreakSpace } from './screen.ts'

const LONGEST_STRING = 50
const LONGEST_UNBROKEN = 40
const MOST_ELEMENTS = 3

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** JSON, a little lighter: `{id: "emma", price: 7.49, tags: []}`. What is long is cut, what is short stays in one line. */
export function showValue(value: unknown): string {
  const text = written(value)
  return text.length <= LONGEST_UNBROKEN ? text.replaceAll(' ', noBreakSpace) : text
}

export function showProperties(properties: readonly (readonly [name: string, value: unknown])[]): string {
  return `{${properties.map(([name, value]) => `${name}:${noBreakSpace}${showValue(value)}`).join(', ')}}`
}

/** As it is where that is clear, else as JSON. */
export function showId(id: string): string {
  return /^[\w-]{1,40}$/.test(id) ? id : showScalar(id)
}

function written(value: unknown): string {
  if (Array.isArray(value)) return showElements(value)
  if (typeof value === 'object' && value !== null) return showProperties(Object.entries(value))
  return showScalar(value)
}

function showElements(elements: readonly unknown[]): string {
  // One more than the most is no longer than the words that would replace it.
  if (elements.length <= MOST_ELEMENTS + 1) return `[${elements.map(showValue).join(', ')}]`
  const shown = elements.slice(0, MOST_ELEMENTS).map(showValue)
  return `[${shown.join(', ')}, …${noBreakSpace}${elements.length - MOST_ELEMENTS}${noBreakSpace}more]`
}

function showScalar(value: unknown): string {
  const isLong = typeof value === 'string' && value.length > LONGEST_STRING
  const json = JSON.stringify(isLong ? `${value.slice(0, LONGEST_STRING)}…` : value)
  return json.replaceAll(' ', noBreakSpace)
}
