import { getRootIdsFromEvent, type RootSchema } from 'pg-capture'
import { debeziumEvents } from 'pg-capture/sources/debezium'
import { describe, expect, test } from 'vitest'

const source = { schema: 'public', table: 'book' }
const deleted = { op: 'd', before: { id: 7, title: '' }, after: null, source }
const schema = (primaryKey: string): RootSchema => ({
  table: 'book',
  primaryKey,
  schema: { type: 'column', column: 'title' },
})

function failureOf(use: () => unknown): unknown {
  try {
    use()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a record', () => {
  const text = JSON.stringify(deleted)
  const key = JSON.stringify({ id: 7 })
  const event = { ...source, action: 'DELETE', dataOld: { id: 7 } }

  test('of a Kafka client has key and value as bytes, and more beside them', () => {
    const record = {
      key: Buffer.from(key),
      value: Buffer.from(text),
      headers: {},
      offset: '5',
      timestamp: '0',
    }
    expect(debeziumEvents(record)).toEqual([event])
  })

  test('of a Redis stream has them as texts', () => {
    expect(debeziumEvents({ key, value: text })).toEqual([event])
  })

  test('may have been parsed', () => {
    expect(debeziumEvents({ key: { id: 7 }, value: deleted })).toEqual([event])
  })

  test.each([[null], [undefined], ['default'], ['Struct{id=7}'], ['7'], [7]])(
    'with the key %j tells no columns',
    (other) => {
      expect(debeziumEvents({ key: other, value: text })).toEqual([{ ...event, dataOld: {} }])
    },
  )
})

describe('a tombstone', () => {
  test.each([
    ['null', null],
    ['nothing', undefined],
    ['the text null', 'null'],
    ['an empty text', ''],
    ['the word default, as Debezium Server writes it', 'default'],
    ['no bytes', new Uint8Array()],
    ['the bytes of the word', new TextEncoder().encode('default')],
  ])('is %s, alone or in a record', (_name, value) => {
    expect(debeziumEvents(value)).toEqual([])
    expect(debeziumEvents({ key: '{"id":7}', value: value ?? null })).toEqual([])
  })
})

test('a row that was flattened is refused also where it has a column called value', () => {
  expect(failureOf(() => debeziumEvents({ id: 7, value: null }))).toMatchObject({ code: 'EVENT_MALFORMED' })
  expect(failureOf(() => debeziumEvents({ id: 7, value: 'x' }))).toMatchObject({ code: 'EVENT_MALFORMED' })
})

describe('an old row of which nothing is known', () => {
  const updated = { op: 'u', before: { id: 7, title: '' }, after: { id: 7, title: 'Emma' }, source }

  test('is told from one that was not sent: the key may have changed', () => {
    const [told] = debeziumEvents(updated)
    expect(Object.entries(told!.dataOld!)).toEqual([
      ['id', undefined],
      ['title', undefined],
    ])
    expect(failureOf(() => getRootIdsFromEvent(schema('id'), told!))).toMatchObject({
      code: 'EVENT_VALUE_UNKNOWN',
    })
    const [absent] = debeziumEvents({ ...updated, before: null })
    expect(getRootIdsFromEvent(schema('id'), absent!).ids).toEqual(['7'])
  })
})

describe('a key', () => {
  const types = (column: object): object => ({
    type: 'struct',
    fields: [{ type: 'struct', field: 'after', fields: [column] }],
  })
  const inserted = (column: { field: string }, value: unknown): object => ({
    schema: types(column),
    payload: { op: 'c', before: null, after: { [column.field]: value }, source },
  })

  test('in an encoding that has no text is refused, and the error names the setting', () => {
    const [event] = debeziumEvents(
      inserted(
        { type: 'int64', name: 'io.debezium.time.MicroDuration', field: 'span' } as never,
        86400000000,
      ),
    )
    expect(failureOf(() => getRootIdsFromEvent(schema('span'), event!))).toMatchObject({
      code: 'EVENT_MALFORMED',
      message: expect.stringContaining('Set interval.handling.mode of the connector to string.'),
    })
  })

  test.each([
    ['org.apache.kafka.connect.data.Timestamp', 'time.precision.mode'],
    ['org.apache.kafka.connect.data.Time', 'time.precision.mode'],
    ['io.debezium.data.Bits', 'another column'],
    ['io.debezium.time.MicroTimestamp', 'infinity'],
  ])('%s: %s', (name, setting) => {
    const type = name === 'io.debezium.data.Bits' ? 'bytes' : 'int64'
    const text = JSON.stringify(inserted({ type, name, field: 'k' } as never, 'X'))
    const value = type === 'bytes' ? '"AQ=="' : '9223372036854775807'
    const [event] = debeziumEvents(text.replace('"X"', value))
    expect(failureOf(() => getRootIdsFromEvent(schema('k'), event!))).toMatchObject({
      message: expect.stringContaining(setting),
    })
  })

  test('in an encoding that was rounded before it came here is refused', () => {
    const column = { type: 'int64', name: 'io.debezium.time.MicroTimestamp', field: 'k' }
    const [event] = debeziumEvents(inserted(column, 2 ** 60))
    expect(failureOf(() => getRootIdsFromEvent(schema('k'), event!))).toMatchObject({
      message: expect.stringContaining('pass the text of the message'),
    })
  })

  test('rounded before it came here is refused', () => {
    const [event] = debeziumEvents({ op: 'c', after: { id: 2 ** 53 }, source })
    expect(failureOf(() => getRootIdsFromEvent(schema('id'), event!))).toMatchObject({
      code: 'EVENT_MALFORMED',
    })
  })

  test('that is no value of its type is refused by name', () => {
    const column = {
      type: 'bytes',
      name: 'org.apache.kafka.connect.data.Decimal',
      field: 'price',
      parameters: { scale: '2' },
    }
    expect(failureOf(() => debeziumEvents(inserted(column, 'no base64!')))).toMatchObject({
      code: 'EVENT_MALFORMED',
      message:
        'This is no message of Debezium: column "price" of "after" is no org.apache.kafka.connect.data.Decimal.',
    })
  })
})
