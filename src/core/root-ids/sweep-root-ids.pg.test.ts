import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { planOf } from '../schema/plan.ts'
import type { Key } from '../schema/schema.ts'
import { sweepRootIds } from './sweep-root-ids.ts'

const database = testDatabase({
  setup: `
    create table numbered (id int primary key);
    insert into numbered select -5000 + n from generate_series(1, 25000) n;
    create table paged ("i""d" int primary key);
    insert into paged select n from generate_series(1, 20000) n;
    create table moments (id timestamptz primary key);
    insert into moments select '2026-01-01 00:00:00.000001+00'::timestamptz + n * interval '1 microsecond'
      from generate_series(1, 10001) n;
    create table words (id text primary key);
    insert into words values (''), ('b'), ('"'), ('A');
    create table pairs (a int, b text, primary key (a, b));
    insert into pairs select n % 7 - 3, case n % 3 when 0 then '' else n::text end || '"' || n from generate_series(1, 25000) n;
    create table nothing (id int primary key)`,
})

async function sweep(table: string, primaryKey: Key = 'id'): Promise<string[][]> {
  const column = [primaryKey].flat()[0] as string
  const plan = planOf({ table, primaryKey, schema: { type: 'column', column } })
  const pages: string[][] = []
  for await (const page of sweepRootIds(plan, database)) pages.push(page)
  return pages
}

describe('sweepRootIds', () => {
  test('meets every root exactly once, page by page', async () => {
    const pages = await sweep('numbered')
    expect(pages.map((page) => page.length)).toEqual([10_000, 10_000, 5_000])
    const ids = pages.flat().map(Number)
    expect(ids).toEqual(Array.from({ length: 25_000 }, (_, n) => n - 4_999))
  })

  test('meets each once where the last page is full, and whatever the key is called', async () => {
    const pages = await sweep('paged', 'i"d')
    expect(pages.map((page) => page.length)).toEqual([10_000, 10_000])
    expect(new Set(pages.flat()).size).toBe(20_000)
  })

  test('loses nothing of a key that a JavaScript Date would cut short', async () => {
    expect(new Set((await sweep('moments')).flat()).size).toBe(10_001)
  })

  test('meets each once by a key of several columns, page by page', async () => {
    const pages = await sweep('pairs', ['b', 'a'])
    expect(pages.map((page) => page.length)).toEqual([10_000, 10_000, 5_000])
    const rows = await database.rows(`select b, a::text from pairs`)
    expect(new Set(pages.flat())).toEqual(new Set(rows.map(({ a, b }) => JSON.stringify([b, a]))))
  })

  test('meets an empty text', async () => {
    expect((await sweep('words')).flat().sort()).toEqual(['', '"', 'A', 'b'])
  })

  test('yields nothing where there is nothing', async () => {
    expect(await sweep('nothing')).toEqual([])
  })
})
