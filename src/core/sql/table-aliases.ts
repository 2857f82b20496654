import { byteLength, MAX_IDENTIFIER_BYTES, quoteIdentifier } from './identifier.ts'

/** Room for `_` and a number of up to nine digits behind the table's name. */
const MAX_STEM_BYTES = MAX_IDENTIFIER_BYTES - 10

/**
 * Hands out the aliases of one statement: `"book_1"`, `"author_1"`, `"author_2"`. Two aliases are never equal: the number
 * counts per stem, and the last underscore splits every alias into stem and number in one way only.
 */
export class TableAliases {
  readonly #used = new Map<string, number>()

  next(table: string): string {
    const stem = cutToBytes(table, MAX_STEM_BYTES)
    const number = (this.#used.get(stem) ?? 0) + 1
    this.#used.set(stem, number)
    return quoteIdentifier(`${stem}_${number}`)
  }
}

function cutToBytes(text: string, max: number): string {
  let cut = text
  while (byteLength(cut) > max) cut = [...cut].slice(0, -1).join('')
  return cut
}
