import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { quoteIdentifier, quoteLiteral } from './identifier.ts'

const database = testDatabase()

const texts = [
  'plain',
  '',
  `'`,
  `''`,
  `"`,
  '\\',
  `\\'`,
  `\\\\'`,
  `'; drop table book; --`,
  `\\'; drop table book; --`,
  '$1 $2 $& $$ $`',
  "$' $q$ text $q$",
  'line\nbreak\ttab',
  '📚 é ＇',
  `E'x'`,
  '/* -- */',
]

describe.each(['on', 'off'])('with standard_conforming_strings = %s', (setting) => {
  test('quoteLiteral gives back every text as it was', async () => {
    const client = await database.client()
    await client.query(`set standard_conforming_strings = ${setting}`)
    await client.query('set escape_string_warning = off')
    for (const text of texts) {
      const { rows } = await client.query(`select ${quoteLiteral(text)} as "text"`)
      expect(rows).toEqual([{ text }])
    }
  })

  test('quoteIdentifier gives back every name as it was', async () => {
    const client = await database.client()
    await client.query(`set standard_conforming_strings = ${setting}`)
    for (const name of texts.filter((text) => text !== '')) {
      const { fields } = await client.query(`select 1 as ${quoteIdentifier(name)}`)
      expect(fields.map((field) => field.name)).toEqual([name])
    }
  })
})
