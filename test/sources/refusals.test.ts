import fc from 'fast-check'
import { CaptureError, getRootIdsFromEvent, type RootSchema, type WALEvent } from 'pg-capture'
import { debeziumEvents } from 'pg-capture/sources/debezium'
import { redpandaConnectEvents } from 'pg-capture/sources/redpanda-connect'
import { sequinEvents } from 'pg-capture/sources/sequin'
import { supabaseEvents } from 'pg-capture/sources/supabase'
import { walListenerEvents } from 'pg-capture/sources/wal-listener'
import { wal2jsonEvents } from 'pg-capture/sources/wal2json'
import { describe, expect, test } from 'vitest'
import { goldenMessages } from './golden-messages.ts'

type Adapter = (message: never) => WALEvent[]

const adapters: Readonly<Record<string, Adapter>> = {
  debezium: (message) => debeziumEvents(message),
  'redpanda-connect': (message) => redpandaConnectEvents(message, { schema: 'public' }),
  sequin: (message) => sequinEvents(message, { replicaIdentity: 'full' }),
  supabase: (message) => supabaseEvents(message),
  'wal-listener': (message) => walListenerEvents(message, { replicaIdentity: ['id'] }),
  wal2json: (message) => wal2jsonEvents(message),
}

const book: RootSchema = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } }

function failureOf(use: () => unknown): unknown {
  try {
    use()
  } catch (error) {
    return error
  }
  return undefined
}

/** Either it gives events of the right form, or refuses; whatever it gives, the aggregator's own checks are the only other end. */
function holdsToTheContract(adapter: Adapter, message: unknown): void {
  const failure = failureOf(() => {
    for (const event of adapter(message as never)) {
      expect(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']).toContain(event.action)
      getRootIdsFromEvent({ ...book, table: 'never read' }, event)
    }
  })
  if (failure !== undefined) expect(failure).toBeInstanceOf(CaptureError)
  if (failure !== undefined) expect(failure).toMatchObject({ code: 'EVENT_MALFORMED' })
}

describe.each(Object.entries(adapters))('%s', (name, adapter) => {
  test('garbage is refused with EVENT_MALFORMED, or is a message after all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json(), fc.string(), fc.uint8Array()), (garbage) => {
        holdsToTheContract(adapter, garbage)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a message in which anything is replaced is refused, or is a message still', () => {
    const messages = goldenMessages(name)
      .map(({ message }) => message)
      .filter((message) => typeof message === 'object' && message !== null)
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.jsonValue(), (message, place, other) => {
        const { changed } = replaced(message, place, other)
        holdsToTheContract(adapter, changed)
        holdsToTheContract(adapter, JSON.stringify(changed))
      }),
      { numRuns: 1_000 },
    )
  })

  test('a message that is cut short is refused', () => {
    const [golden] = goldenMessages(name).filter(({ events }) => events.length > 0)
    const text = JSON.stringify(golden!.message)
    for (let length = 1; length < text.length; length += 7) {
      expect(failureOf(() => adapter(text.slice(0, length) as never))).toMatchObject({
        code: 'EVENT_MALFORMED',
      })
    }
  })

  test('no refusal quotes a value', () => {
    const secret = 'hunter2'
    for (const { message } of goldenMessages(name)) {
      if (typeof message !== 'object' || message === null) continue
      for (let place = 0; place < 60; place++) {
        const failure = failureOf(() => adapter(replaced(message, place, secret).changed as never))
        if (!(failure instanceof Error)) continue
        expect(`${failure.message} ${String(failure.cause)}`).not.toContain(secret)
      }
    }
  })
})

/** The value with another in the place of one of its parts, counted from outside to inside. */
function replaced(value: unknown, place: number, other: unknown): { changed: unknown; left: number } {
  if (place === 0) return { changed: other, left: -1 }
  if (typeof value !== 'object' || value === null) return { changed: value, left: place - 1 }
  let left = place - 1
  const entries = Object.entries(value).map(([name, part]) => {
    if (left < 0) return [name, part]
    const result = replaced(part, left, other)
    left = result.left
    return [name, result.changed]
  })
  return {
    changed: Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries),
    left,
  }
}

describe('a refusal names the format, the field and the setting', () => {
  const source = { schema: 'public', table: 'book' }
  const metadata = { table_schema: 'public', table_name: 'book' }

  test.each<[string, () => unknown, RegExp]>([
    ['no object', () => debeziumEvents('7'), /^This is no message of Debezium: it has to be an object\.$/],
    [
      'flattened',
      () => debeziumEvents({ id: 7, __op: 'c' }),
      /ExtractNewRecordState .* take it off the connector/,
    ],
    ['op', () => debeziumEvents({ op: 'x', source }), /"op" has to be c, u, d, r, t or m/],
    ['source', () => debeziumEvents({ op: 'c', after: {} }), /"source" has to be an object/],
    [
      'table',
      () => debeziumEvents({ op: 'c', after: {}, source: { schema: 'a' } }),
      /"table" has to be a text/,
    ],
    ['no row', () => debeziumEvents({ op: 'c', after: null, source }), /"after" is null/],
    ['before', () => debeziumEvents({ op: 'd', before: 'x', source }), /"before" has to be an object/],
    [
      'txId',
      () => debeziumEvents({ op: 't', source: { ...source, txId: 'x' } }),
      /"txId" has to be a whole number/,
    ],
    [
      'attributes',
      () => debeziumEvents({ specversion: '1.0', data: { before: null, after: {} } }),
      /extension\.attributes\.enable/,
    ],
    [
      'wal-listener',
      () => walListenerEvents({ action: 'COPY', ...source }),
      /wal-listener: "action" has to be INSERT/,
    ],
    [
      'wal-listener data',
      () => walListenerEvents({ action: 'INSERT', ...source, data: [] }),
      /"data" has to be an object/,
    ],
    [
      'neither version',
      () => wal2jsonEvents({}),
      /neither "action" \(format version 2\) nor "change" \(version 1\)/,
    ],
    ['chunks', () => wal2jsonEvents(',{"kind":"insert"}'), /set write-in-chunks to false/],
    ['chunks', () => wal2jsonEvents('{"change":['), /set write-in-chunks to false/],
    ['chunks', () => wal2jsonEvents(']}'), /set write-in-chunks to false/],
    ['schemas', () => wal2jsonEvents({ action: 'T', table: 'book' }), /include-schemas/],
    [
      'types',
      () => wal2jsonEvents({ action: 'I', ...source, columns: [{ name: 'id', value: 7 }] }),
      /"type" is missing; leave include-types at true/,
    ],
    [
      'types of version 1',
      () =>
        wal2jsonEvents({ change: [{ kind: 'insert', ...source, columnnames: ['id'], columnvalues: [7] }] }),
      /"columntypes" is missing; leave include-types at true/,
    ],
    [
      'lists of other lengths',
      () =>
        wal2jsonEvents({
          change: [
            { kind: 'insert', ...source, columnnames: ['id'], columntypes: ['int'], columnvalues: [] },
          ],
        }),
      /of one length/,
    ],
    [
      'sequin',
      () => sequinEvents({ record: {}, action: 'merge', metadata }),
      /"action" has to be insert, update/,
    ],
    [
      'sequin metadata',
      () => sequinEvents({ record: {}, action: 'insert' }),
      /"metadata" has to be an object/,
    ],
    ['sequin rows', () => sequinEvents({ record: {}, metadata }), /"action" has to be a text/],
    ['sequin batch', () => sequinEvents({ data: [7] }), /"data" has to be a list of objects/],
    [
      'supabase',
      () => supabaseEvents({ ...source, type: 'SELECT' }),
      /has to be INSERT, UPDATE, DELETE or TRUNCATE/,
    ],
    [
      'supabase row',
      () => supabaseEvents({ ...source, type: 'INSERT', record: 'x' }),
      /"record" has to be an object/,
    ],
    ['redpanda', () => redpandaConnectEvents({ id: 7 }), /root = \{"body": this, "metadata": @\}/],
    [
      'redpanda body',
      () => redpandaConnectEvents({ body: null, metadata: { operation: 'insert', table: 'book' } }),
      /"body" has to be the row/,
    ],
    [
      'redpanda operation',
      () => redpandaConnectEvents({ body: {}, metadata: { operation: 'x', table: 'book' } }),
      /"operation" of "metadata" has to be read/,
    ],
  ])('%s', (_name, use, message) => {
    expect(failureOf(use)).toMatchObject({ code: 'EVENT_MALFORMED', message: expect.stringMatching(message) })
  })
})
