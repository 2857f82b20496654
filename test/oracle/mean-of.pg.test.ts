import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { meanOf } from './mean-of.ts'

const database = testDatabase()

test.each([
  [['1', '2']],
  [['0']],
  [['0.00', '0']],
  [['1', '1', '0']],
  [['-1', '-1', '0']],
  [['9999', '10000', '2']],
  [['10000', '10000', '1']],
  [['9007199254740993', '-9223372036854775808', '3']],
  [['12345678901234567890.12', '1.0', '2.00']],
  [['0.00001', '0.0000', '0.0000002']],
  [['-0.00005', '0', '0', '0', '0', '0', '0']],
  [['2.5', '-6', '-6', '4', '1']],
])('the mean of %j is that of Postgres', async (texts) => {
  const values = texts.map((text) => `(${text}::numeric)`).join(', ')
  const [row] = await database.rows(`select avg(n)::text as mean from (values ${values}) as of (n)`)
  expect({ mean: meanOf(texts).replace(/\.$/, '') }).toEqual(row)
})
