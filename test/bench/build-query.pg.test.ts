import { expect, test } from 'vitest'
import { bookshopOf, fillBookshop, scatteredIds } from '../../bench/bookshop.ts'
import { builtObjects, objectBuilders } from '../../bench/tables/build-query.ts'
import { testDatabase } from '../support/postgres.ts'

const size = bookshopOf(400)
const database = testDatabase({ setup: (client) => fillBookshop(client, size) })

/** Arrays of hand-written statements come in any order. */
function inAnyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inAnyOrder).sort(byText)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, inAnyOrder(of)]))
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
}

test.each(builtObjects)('every way builds the same: $title', async (object) => {
  const builders = await objectBuilders(object, () => database.client())
  const ids = scatteredIds(object.schema.table === 'book' ? size.books : size.authors, 20, 1)
  expect(Object.keys(builders)).toHaveLength(6)
  expect(new Set(ids).size).toBe(20)

  const built = Object.entries(builders).map(async ([name, build]) => {
    const objects = await build(ids)
    return [name, ids.map((id) => inAnyOrder(objects.get(id)))] as const
  })
  const [[, ours], ...others] = (await Promise.all(built)) as [
    readonly [string, unknown[]],
    ...(readonly [string, unknown[]])[],
  ]
  expect(ours).not.toContain(undefined)
  for (const [name, objects] of others) expect(objects, name).toEqual(ours)
})
