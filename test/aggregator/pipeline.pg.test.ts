import { type Changes, EventAggregator, InMemorySet } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library } from './library.ts'
import { NotingClient } from './noting-client.ts'

const database = testDatabase({ setup: library })

beforeEach(async () => {
  await database.query(
    `insert into book select g, 'Book ' || g, 'bob' from generate_series(4, 300) g on conflict do nothing`,
  )
})

async function setOf(ids: number): Promise<InMemorySet> {
  const set = new InMemorySet()
  await set.add(Array.from({ length: ids }, (_, index) => String(index + 1)))
  return set
}

const idsOf = ({ upsert }: Changes): string[] => upsert.map(({ id }) => id)

describe('several batches', () => {
  test('are read while the one before is in onChange, and emitted one after the other', async () => {
    const steps: string[] = []
    const client = new NotingClient(database)
    client.after = () => void steps.push('read')
    const versions: bigint[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      idsSet: await setOf(300),
      batchSize: 100,
      onChange: async ({ version }) => {
        versions.push(version)
        steps.push('emission begins')
        const reads = steps.filter((step) => step === 'read').length
        // Were the next batch not read meanwhile, this would wait for ever.
        while (reads < 3 && steps.filter((step) => step === 'read').length === reads) {
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        steps.push('emission ends')
      },
    })
    await aggregator.buildObjects()
    expect(steps).toEqual([
      'read',
      'emission begins',
      'read',
      'emission ends',
      'emission begins',
      'read',
      'emission ends',
      'emission begins',
      'emission ends',
    ])
    expect(versions).toEqual(versions.toSorted((a, b) => Number(a - b)))
  })

  test('of which one is refused: the others go through, in one run', async () => {
    const emitted: string[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: await setOf(300),
      batchSize: 100,
      onChange: (changes) => {
        if (idsOf(changes).includes('150')) throw new Error('the sink refuses an object')
        emitted.push(...idsOf(changes))
      },
    })
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    expect(emitted).toHaveLength(200)
  })

  test('are renewed while they wait for the one before', async () => {
    const set = await setOf(200)
    const emitted: string[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: set,
      batchSize: 100,
      leaseMs: 60,
      onChange: async (changes) => {
        if (emitted.length === 0) await new Promise((resolve) => setTimeout(resolve, 300))
        emitted.push(...idsOf(changes))
        expect((await set.claim(100, 1_000)).ids).toEqual([])
      },
    })
    await aggregator.buildObjects()
    expect(new Set(emitted).size).toBe(200)
  })
})

describe('objects that take long to read', () => {
  // Declared stable, so that Postgres calls it for the rows asked for and no others.
  const paced = (seconds: string): string => `
    create or replace function pace(id int) returns text stable language plpgsql as $$
      begin perform pg_sleep(${seconds}); return 'slow'; end $$;
    create or replace view slow_book as select id, pace(id) as pace from book`

  beforeEach(() => database.query(paced('0.003')))

  const slowSchema = {
    table: 'slow_book',
    primaryKey: 'id',
    schema: { type: 'column', column: 'pace' },
  } as const

  test('are read in smaller batches', async () => {
    const sizes: number[] = []
    const aggregator = new EventAggregator({
      schema: slowSchema,
      client: database,
      idsSet: await setOf(300),
      batchSize: 100,
      targetReadMs: 100,
      onChange: ({ upsert }) => void sizes.push(upsert.length),
    })
    await aggregator.buildObjects()
    expect(sizes[0]).toBe(100)
    expect(sizes[2]).toBeLessThan(50)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300)
  })

  test('come through also where statement_timeout allows fewer than a batch, and it is no failure', async () => {
    const emitted: string[] = []
    const slow = await database.client({ statement_timeout: 150 })
    const aggregator = new EventAggregator({
      schema: slowSchema,
      client: slow,
      idsSet: await setOf(120),
      onChange: (changes) => void emitted.push(...idsOf(changes)),
    })
    await aggregator.buildObjects()
    expect(new Set(emitted).size).toBe(120)
    expect(aggregator.retryInMs).toBeNull()
  })

  test('one that is too slow by itself is told, and does not hold up the others', async () => {
    await database.query(paced('case when id = 7 then 60 else 0 end'))
    const emitted: string[] = []
    const aggregator = new EventAggregator({
      schema: slowSchema,
      client: await database.client({ statement_timeout: 100 }),
      idsSet: await setOf(50),
      onChange: (changes) => void emitted.push(...idsOf(changes)),
    })
    await expect(aggregator.buildObjects()).rejects.toMatchObject({ code: '57014' })
    expect(new Set(emitted).size).toBe(49)
    expect(emitted).not.toContain('7')
  })
})
