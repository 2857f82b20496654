import { type Changes, EventAggregator, type IdsSet, InMemorySet, RedisSet, type WALEvent } from 'pg-capture'
import { PostgresSet, postgresSetMigration } from 'pg-capture/stores/postgres-set'
import { describe, expect, test } from 'vitest'
import { PlainSet } from '../aggregator/plain-set.ts'
import { captures } from '../support/captures.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'
import { producers } from './producers.ts'
import { type Change, NumberOf, type TrueValue } from './true-changes.ts'

// One row is one id, whatever wrote its key, and two rows are two.

const BIG = '9007199254740993'
const TEXTS = ['1', '01', '1.0', 'a', 'A', 'ä', 'a ', '']

const database = testDatabase({
  setup: `
    create table numbered (id int8 primary key, title text);
    create table worded (id text primary key, title text);
    ${postgresSetMigration()}`,
})
const capture = captures(database)
const redis = testRedis()

let names = 0
const newName = (): string => `one-id-${(names += 1)}`

const sets: Readonly<Record<string, () => IdsSet | Promise<IdsSet>>> = {
  'in memory': () => new InMemorySet(),
  'with three methods': () => new PlainSet(),
  'in Postgres': () => new PostgresSet({ client: database.pool(), set: newName() }),
  'in Redis, over ioredis': async () =>
    new RedisSet({ client: await redis.ioRedis(), key: redis.prefix + newName() }),
  'in Redis, over node-redis': async () =>
    new RedisSet({ client: await redis.nodeRedis(), key: redis.prefix + newName() }),
}

/** The insertion of a row as every adapter reads it from what its producer writes. */
function toldByAll(table: string, type: string, id: TrueValue): WALEvent[] {
  const change: Change = {
    table,
    columns: { id: type, title: 'text' },
    key: ['id'],
    before: null,
    after: { id, title: 'x' },
    identity: 'full',
    isTold: true,
    isMarked: true,
    toasted: [],
  }
  return Object.values(producers).flatMap((producer) =>
    producer.write(change).flatMap((message) => producer.read(message, change)),
  )
}

/** The insertions of rows as they come from a replication slot. */
async function streamedOf(table: string, type: string, ids: readonly string[]): Promise<readonly WALEvent[]> {
  await database.query(`truncate ${table}`)
  const running = await capture.start([{ table, oldColumns: ['id'] }])
  await database.query(`insert into ${table} select id::${type}, 'x' from unnest($1::text[]) as id`, [ids])
  return running.untilEvents(ids.length)
}

function toldByHand(table: string, id: unknown): WALEvent {
  return { action: 'INSERT', table, data: { id, title: 'x' } }
}

async function built(table: string, idsSet: IdsSet, events: readonly WALEvent[]): Promise<string[]> {
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema: { table, primaryKey: 'id', schema: { type: 'column', column: 'title' } },
    client: database,
    idsSet,
    scheduleBuildObjects: () => undefined,
    onChange: (changes) => emitted.push(changes),
  })
  for (const event of events) await aggregator.handleEvents([event])
  await aggregator.buildObjects()
  expect(emitted.flatMap((changes) => changes.delete)).toEqual([])
  return emitted.flatMap(({ upsert }) => upsert.map(({ id }) => id))
}

describe.each(Object.entries(sets))('over a set %s', (_name, make) => {
  test('a number is one id for drivers and sources that make anything of it', async () => {
    const streamed = await streamedOf('numbered', 'int8', ['1', BIG])
    const events = [
      ...streamed,
      ...[1, '1', 1n, BIG, BigInt(BIG)].map((id) => toldByHand('numbered', id)),
      ...['1', BIG].flatMap((digits) => toldByAll('numbered', 'int8', new NumberOf(digits))),
    ]
    expect((await built('numbered', await make(), events)).toSorted()).toEqual(['1', BIG])
  })

  test('texts are two ids that differ only in case, in a space or in how a number is written', async () => {
    const streamed = await streamedOf('worded', 'text', TEXTS)
    const events = [
      ...streamed,
      ...TEXTS.map((id) => toldByHand('worded', id)),
      ...TEXTS.flatMap((id) => toldByAll('worded', 'text', id)),
    ]
    expect((await built('worded', await make(), events)).toSorted()).toEqual(TEXTS.toSorted())
  })
})
