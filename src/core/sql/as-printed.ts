/**
 * The text of a key as Postgres prints it and as it stands in the WAL, by the output function of its type. A cast to text is
 * another text for some types: `char(4)` loses its blanks, `true` is printed as `t`. NULL becomes the empty text.
 *
 * A key of several columns is the JSON array of their texts, in the very form that `keyOfColumns` gives it.
 */
export function asPrinted(columns: readonly string[]): string {
  const [first = '', ...others] = columns.map((column) => `FORMAT('%s', ${column})`)
  if (others.length === 0) return first
  const texts = [first, ...others].map((text) => `TO_JSON(${text})`)
  return `CONCAT('[', ${texts.join(", ',', ")}, ']')`
}
