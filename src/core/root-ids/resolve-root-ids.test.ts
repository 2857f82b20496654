import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../events/wal-event.ts'
import { planOf } from '../schema/plan.ts'
import type { Schema } from '../schema/schema.ts'
import type { RowEvent } from './affected-keys.ts'
import { nodesOf } from './get-root-ids-from-event.ts'
import { affectedRoots, lookUpRootIds } from './resolve-root-ids.ts'

const name: Schema = { type: 'column', column: 'name' }

const plan = planOf({
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      name,
      author: {
        type: 'many-to-one',
        column: 'authorId',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: name,
      },
      reviews: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'review',
        referencingColumn: 'bookId',
        schema: name,
      },
    },
  },
})

/** A client that says which statements it was asked, and answers all with the same ids. */
class ScriptedClient {
  readonly statements: { text: string; values: unknown[] }[] = []
  readonly #rows: unknown[]

  constructor(rows: unknown[] = [{ ids: '[]' }]) {
    this.#rows = rows
  }

  async query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
    this.statements.push({ text, values })
    return { rows: this.#rows }
  }
}

function renamed(id: number, from: string, to: string): WALEvent {
  return { action: 'UPDATE', table: 'author', data: { id, name: to }, dataOld: { id, name: from } }
}

async function resolve(events: readonly WALEvent[], client: ScriptedClient): Promise<string[][]> {
  const placed = events.map((event) => ({
    event: event as RowEvent,
    nodes: nodesOf(plan, event),
    rowMayReappear: false,
  }))
  const batches: string[][] = []
  for await (const ids of lookUpRootIds(affectedRoots(plan, placed, new Set(), new Map()), client))
    batches.push(ids)
  return batches
}

describe('a batch of events', () => {
  test('costs one look-up for each path, with the distinct keys as one array', async () => {
    const client = new ScriptedClient()
    await resolve(
      Array.from({ length: 1_000 }, (_, n) => renamed(n % 10, 'a', 'b')),
      client,
    )
    expect(client.statements).toHaveLength(1)
    expect(client.statements[0]?.values).toEqual([['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']])
  })

  test('costs one look-up for 10,000 distinct keys', async () => {
    const client = new ScriptedClient()
    await resolve(
      Array.from({ length: 25_000 }, (_, n) => renamed(n, 'a', 'b')),
      client,
    )
    expect(client.statements.map(({ values }) => (values[0] as string[]).length)).toEqual([
      10_000, 10_000, 5_000,
    ])
    expect(new Set(client.statements.map(({ text }) => text)).size).toBe(1)
  })

  test('costs none where the events tell the ids themselves', async () => {
    const client = new ScriptedClient()
    const ids = await resolve(
      [
        { action: 'INSERT', table: 'book', data: { id: 1 } },
        { action: 'DELETE', table: 'review', dataOld: { bookId: 2 } },
        { action: 'INSERT', table: 'review', data: { bookId: 1 } },
        { action: 'INSERT', table: 'review', data: { bookId: null } },
        { action: 'INSERT', table: 'author', data: { id: 5 } },
        renamed(1, 'a', 'a'),
      ],
      client,
    )
    expect(ids).toEqual([['1', '2']])
    expect(client.statements).toEqual([])
  })

  test('yields nothing, and asks nothing, for events that change nothing', async () => {
    const client = new ScriptedClient()
    expect(await resolve([renamed(1, 'a', 'a')], client)).toEqual([])
    expect(client.statements).toEqual([])
  })

  test('yields an id once where an event tells it and a look-up finds it', async () => {
    const client = new ScriptedClient([{ ids: '["1", "2"]' }])
    const ids = await resolve(
      [{ action: 'INSERT', table: 'book', data: { id: 1 } }, renamed(1, 'a', 'b')],
      client,
    )
    expect(ids).toEqual([['1'], ['2']])
  })

  test('yields no empty batch for a look-up that finds nothing', async () => {
    expect(await resolve([renamed(1, 'a', 'b')], new ScriptedClient())).toEqual([])
  })
})

describe('a client that answers amiss', () => {
  test.each([
    ['no ids', {}],
    ['ids that are no text', { ids: ['1'] }],
    ['no row', null],
    ['a list', ['1']],
  ])('with %s is refused', async (_, row) => {
    await expect(resolve([renamed(1, 'a', 'b')], new ScriptedClient([row]))).rejects.toMatchObject({
      code: 'CLIENT_RESULT_INVALID',
    })
  })
})
