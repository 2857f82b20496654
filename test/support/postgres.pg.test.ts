import { describe, expect, test } from 'vitest'
import { testDatabase } from './postgres.ts'

describe('one database for a file', () => {
  const database = testDatabase({
    setup: 'create table books (id int primary key); insert into books values (1)',
  })

  test('has what the setup made', async () => {
    expect(await database.rows('select id from books where id = $1', [1])).toEqual([{ id: 1 }])
  })

  test('decodes logically', async () => {
    expect(await database.rows('show wal_level')).toEqual([{ wal_level: 'logical' }])
  })

  test('keeps what earlier tests did, and ends clients and pools by itself', async () => {
    const client = await database.client()
    await client.query('insert into books values (2)')
    const pool = database.pool({ max: 2 })
    expect((await pool.query('select count(*)::int as n from books')).rows).toEqual([{ n: 2 }])
  })
})

describe('one database for a test', () => {
  const database = testDatabase({
    setup: (client) => client.query('create table t (n int)').then(),
    per: 'test',
  })
  const names = new Set<string>()

  test.each([1, 2])('starts as the setup left it (%i)', async (n) => {
    await database.query('insert into t values ($1)', [n])
    expect(await database.rows('select n from t')).toEqual([{ n }])
    names.add(database.name)
    expect(names.size).toBe(n)
  })
})
