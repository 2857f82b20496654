/**
 * The text of a value as Postgres prints it and as it stands in the WAL, by the output function of its type. A cast to text is
 * another text for some types: `char(4)` loses its blanks, `true` is printed as `t`. NULL becomes the empty text.
 */
export function asPrinted(expression: string): string {
  return `FORMAT('%s', ${expression})`
}
