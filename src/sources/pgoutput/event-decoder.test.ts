import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../../core/events/wal-event.ts'
import { type EncodedColumn, encode } from '../../../test/support/pgoutput-encoder.ts'
import { EventDecoder } from './event-decoder.ts'

const columns: readonly EncodedColumn[] = [{ name: 'id', isKey: true }, { name: 'parent' }]
const allKeys = columns.map(({ name }) => ({ name, isKey: true }))

function decode(
  messages: readonly Buffer[],
  oldColumns: readonly string[] = ['id'],
): { events: WALEvent[]; commits: bigint[]; problems: string[] } {
  const events: WALEvent[] = []
  const commits: bigint[] = []
  const problems: string[] = []
  const decoder = new EventDecoder(
    [
      { schema: 'public', table: 'book', oldColumns },
      { schema: 'public', table: 'log', oldColumns },
    ],
    {
      event: (event) => events.push(event),
      commit: (position) => commits.push(position),
      oldRowProblem: (problem) => problems.push(problem.message),
    },
  )
  for (const message of messages) decoder.decode(message, 0)
  return { events, commits, problems }
}

const begin = encode.begin(0x16_b374d847n, 0n, 700)
const commit = encode.commit(0x16_b374d847n, 0x16_b374d880n, 0n)

test('every event has its transaction', () => {
  const { events, commits } = decode([
    begin,
    encode.relation(1, 'public', 'book', 'd', columns),
    encode.insert(1, ['1', null]),
    encode.truncate([1]),
    commit,
  ])
  const origin = {
    schema: 'public',
    table: 'book',
    xid: 700,
    lsn: '16/B374D848',
    commitTime: '2000-01-01T00:00:00.000000Z',
  }
  expect(events).toMatchObject([
    { action: 'INSERT', data: { id: '1', parent: null }, ...origin },
    { action: 'TRUNCATE', ...origin },
  ])
  expect(commits).toEqual([0x16_b374d880n])
})

test('of a TRUNCATE only the tables that are read', () => {
  const { events } = decode([
    begin,
    encode.relation(1, 'public', 'book', 'd', columns),
    encode.relation(2, 'public', 'other', 'd', columns),
    encode.truncate([2, 1, 99]),
    commit,
  ])
  expect(events).toMatchObject([{ action: 'TRUNCATE', table: 'book' }])
})

describe('what an old row does not tell', () => {
  const parentUnknown = [
    'Table "book": an UPDATE or DELETE doesn\'t tell the old value of "parent" (replica identity is DEFAULT, which ' +
      'covers only "id"). Run: ALTER TABLE "public"."book" REPLICA IDENTITY FULL;',
  ]

  test('matters to UPDATE and DELETE', () => {
    const described = encode.relation(1, 'public', 'book', 'd', columns)
    expect(decode([begin, described, encode.insert(1, ['1', '2'])], ['parent']).problems).toEqual([])
    expect(decode([begin, described, encode.update(1, ['1', '2'])], ['parent']).problems).toEqual(
      parentUnknown,
    )
    expect(decode([begin, described, encode.delete(1, 'K', ['1', null])], ['parent']).problems).toEqual(
      parentUnknown,
    )
  })

  test('may change while streaming', () => {
    const { problems } = decode(
      [
        begin,
        encode.relation(1, 'public', 'book', 'f', allKeys),
        encode.update(1, ['1', '2'], { kind: 'O', values: ['1', '1'] }),
        encode.relation(1, 'public', 'book', 'd', columns),
        encode.update(1, ['1', '3']),
      ],
      ['parent'],
    )
    expect(problems).toEqual(parentUnknown)
  })

  test('and a promise that is not kept', () => {
    const described = encode.relation(1, 'public', 'book', 'f', allKeys)
    const { problems } = decode([begin, described, encode.update(1, ['1', '2'])])
    expect(problems).toEqual([
      expect.stringContaining('came without its old row, though replica identity is FULL'),
    ])
  })
})

describe('partitions', () => {
  const root = encode.relation(1, 'public', 'log', 'f', allKeys)
  const partition = (oid: number, identity: string): Buffer =>
    encode.relation(oid, 'public', `log_${oid}`, identity, identity === 'f' ? allKeys : columns)

  test('with the identity of their table change nothing', () => {
    const { events, problems } = decode([
      begin,
      root,
      partition(2, 'f'),
      encode.update(1, ['1', null], { kind: 'O', values: ['1', '7'] }),
    ])
    expect(problems).toEqual([])
    expect(events).toMatchObject([{ table: 'log', dataOld: { id: '1', parent: '7' } }])
  })

  test('with less leave only their key known, for every later row too', () => {
    const { events, problems } = decode([
      begin,
      root,
      partition(2, 'd'),
      encode.update(1, ['2', 'x'], { kind: 'O', values: ['1', null] }),
      encode.update(1, ['2', 'y']),
      root,
      partition(3, 'f'),
      encode.update(1, ['3', 'x'], { kind: 'O', values: ['3', 'w'] }),
    ])
    expect(problems).toEqual([])
    expect(events.map((event) => Object.entries(event.dataOld ?? {}))).toEqual([
      [['id', '1']],
      [['id', '2']],
      [['id', '3']],
    ])
  })

  test('with too little are named', () => {
    const messages = [begin, root, partition(2, 'd'), encode.update(1, ['2', 'x'])]
    expect(decode(messages, ['parent']).problems).toEqual([
      expect.stringContaining('ALTER TABLE "public"."log_2" REPLICA IDENTITY FULL;'),
    ])
  })

  test('are not mistaken for the tables of one TRUNCATE', () => {
    const other = encode.relation(2, 'public', 'other', 'd', columns)
    const row = encode.update(1, ['1', '2'], { kind: 'O', values: ['1', '1'] })
    const { problems, events } = decode([begin, root, other, encode.truncate([1, 2]), row], ['parent'])
    expect(problems).toEqual([])
    expect(events[1]?.dataOld).toMatchObject({ parent: '1' })
  })
})
