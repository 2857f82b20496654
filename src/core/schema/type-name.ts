import { byteLength, MAX_IDENTIFIER_BYTES } from '../sql/identifier.ts'
import { UNSENDABLE } from './unsendable.ts'

const NAME = String.raw`(?:[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")+")`
const TYPE = new RegExp(String.raw`^(${NAME})(?:\.(${NAME}))?(?:\(\d+(?:,\s*-?\d+)?\))?(?:\[\])?$`, 'u')

/**
 * Whether the text is the name of a type and nothing else: `text`, `numeric(10,2)`, `int[]`, `library."Odd Type"`. It is
 * put into statements as it is, so that nothing else may get through.
 */
export function isTypeName(text: string): boolean {
  const [match, ...names] = TYPE.exec(text) ?? []
  return (
    match !== undefined &&
    !UNSENDABLE.test(text) &&
    names.every((name) => name === undefined || lengthOf(name) <= MAX_IDENTIFIER_BYTES)
  )
}

function lengthOf(name: string): number {
  return byteLength(name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)
}
