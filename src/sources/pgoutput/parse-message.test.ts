import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type EncodedColumn,
  type EncodedValue,
  encode,
  unchanged,
} from '../../../test/support/pgoutput-encoder.ts'
import { captureTable, type CapturedTable } from './captured-table.ts'
import type { PgoutputMessage, RelationMessage, Row } from './message.ts'
import { parseMessage } from './parse-message.ts'

const columns: readonly EncodedColumn[] = [{ name: 'id', isKey: true }, { name: 'a' }, { name: 'b' }]

function describeTable(identity: string, described: readonly EncodedColumn[] = columns): CapturedTable {
  const message = parseMessage(encode.relation(1, 'public', 't', identity, described), 0, () => undefined)
  return captureTable(message as RelationMessage, [], { schema: 'public', table: 't', oldColumns: [] })
}

function parse(bytes: Buffer, table?: CapturedTable | null): PgoutputMessage<CapturedTable> {
  return parseMessage(bytes, 0, () => table)
}

/** A row's own entries; `undefined` where there is no row. */
const entries = (row: Row | undefined): [string, string | null][] | undefined => row && Object.entries(row)

const full = describeTable(
  'f',
  columns.map(({ name }) => ({ name, isKey: true })),
)
const byKey = describeTable('d')

describe('messages', () => {
  test('Begin and Commit', () => {
    expect(parse(encode.begin(2n ** 63n + 1n, -5n, 0xffff_fff0))).toEqual({
      kind: 'begin',
      commitLsn: 2n ** 63n + 1n,
      commitTime: -5n,
      xid: 0xffff_fff0,
    })
    expect(parse(encode.commit(1n, 2n, 3n))).toEqual({
      kind: 'commit',
      commitLsn: 1n,
      endLsn: 2n,
      commitTime: 3n,
    })
  })

  test('Relation', () => {
    expect(
      parse(encode.relation(0xffff_fff0, '', '🦉 "x"', 'i', [{ name: 'é', isKey: true }, { name: '' }])),
    ).toEqual({
      kind: 'relation',
      oid: 0xffff_fff0,
      schema: 'pg_catalog',
      table: '🦉 "x"',
      replicaIdentity: 'i',
      columns: [
        { name: 'é', isKey: true, typeOid: 25, typeModifier: -1 },
        { name: '', isKey: false, typeOid: 25, typeModifier: -1 },
      ],
    })
  })

  test('Insert', () => {
    const message = parse(encode.insert(1, ['1', null, 'é']), byKey)
    expect(message.kind === 'insert' && entries(message.row)).toEqual([
      ['id', '1'],
      ['a', null],
      ['b', 'é'],
    ])
  })

  test('Truncate', () => {
    expect(parse(encode.truncate([1, 4_000_000_000], 3))).toEqual({
      kind: 'truncate',
      oids: [1, 4_000_000_000],
    })
  })

  test.each([
    ['Type', encode.type(9, 'public', 'mood')],
    ['Origin', encode.origin(5n, 'elsewhere')],
    ['a logical message', encode.logicalMessage(5n, 'prefix', 'content')],
  ])('%s says nothing of rows', (_, bytes) => {
    expect(parse(bytes)).toEqual({ kind: 'ignored' })
  })

  test('rows of a table that nobody reads are passed over', () => {
    for (const bytes of [encode.insert(1, ['1']), encode.update(1, ['1']), encode.delete(1, 'K', ['1'])]) {
      expect(parse(bytes, null)).toEqual({ kind: 'ignored' })
    }
  })

  test('a message may begin inside a buffer', () => {
    const bytes = Buffer.concat([Buffer.alloc(25), encode.commit(1n, 2n, 3n)])
    expect(parseMessage(bytes, 25, () => undefined)).toMatchObject({ kind: 'commit', endLsn: 2n })
  })
})

describe('old rows', () => {
  const update = (table: CapturedTable, bytes: Buffer): [unknown, unknown] => {
    const message = parse(bytes, table)
    return message.kind === 'update'
      ? [entries(message.oldRow), entries(message.row)]
      : [undefined, undefined]
  }

  test('FULL: all of it, and unchanged TOAST is filled from it', () => {
    expect(
      update(full, encode.update(1, ['1', unchanged, 'y'], { kind: 'O', values: ['1', 'long', 'x'] })),
    ).toEqual([
      [
        ['id', '1'],
        ['a', 'long'],
        ['b', 'x'],
      ],
      [
        ['id', '1'],
        ['a', 'long'],
        ['b', 'y'],
      ],
    ])
  })

  test('key changed: the key alone, placeholders left away', () => {
    expect(
      update(byKey, encode.update(1, ['2', unchanged, null], { kind: 'K', values: ['1', null, null] })),
    ).toEqual([
      [['id', '1']],
      [
        ['id', '2'],
        ['b', null],
      ],
    ])
  })

  test('key not changed: the key is that of the new row', () => {
    expect(update(byKey, encode.update(1, ['1', 'x', 'y']))[0]).toEqual([['id', '1']])
  })

  test('no key at all: nothing is known', () => {
    const bare = describeTable('n', [{ name: 'id' }])
    expect(update(bare, encode.update(1, ['1']))[0]).toBeUndefined()
  })

  test('FULL without an old row: nothing is known, least of all that nothing changed', () => {
    expect(update(full, encode.update(1, ['1', 'x', 'y']))[0]).toBeUndefined()
  })

  test('DELETE: all of it or the key', () => {
    const whole = parse(encode.delete(1, 'O', ['1', null, 'y']), full)
    const key = parse(encode.delete(1, 'K', ['1', null, null]), byKey)
    expect([whole, key].map((message) => message.kind === 'delete' && entries(message.oldRow))).toEqual([
      [
        ['id', '1'],
        ['a', null],
        ['b', 'y'],
      ],
      [['id', '1']],
    ])
  })
})

describe('what is no message', () => {
  const outcome = (bytes: Buffer): { code: string; message: string } => {
    try {
      parse(bytes, byKey)
      return { code: 'parsed', message: '' }
    } catch (error) {
      return error as { code: string; message: string }
    }
  }

  test.each([
    ['an unknown tag', Buffer.from('S\0\0\0\x01\x01'), '"S" is of an unknown kind at byte 0'],
    ['an unknown row kind', Buffer.from('I\0\0\0\x01X'), '"I" has a row of unknown kind 88 at byte 5'],
    ['an unknown old row kind', Buffer.from('D\0\0\0\x01N'), '"D" has a row of unknown kind 78 at byte 5'],
    ['a binary value', Buffer.from('I\0\0\0\x01N\0\x03b'), '"I" has a value of unknown kind 98 at byte 8'],
    [
      'a wrong number of columns',
      encode.insert(1, ['1']),
      '"I" has a row of 1 columns, its table has 3, at byte 6',
    ],
    [
      'a negative length',
      Buffer.from('I\0\0\0\x01N\0\x03t\xff\xff\xff\xff', 'latin1'),
      '"I" has a field of -1 bytes',
    ],
    [
      'a length behind the end',
      Buffer.from('I\0\0\0\x01N\0\x03t\0\0\0\x09x'),
      '"I" is truncated at byte 13 of 14',
    ],
    [
      'an unknown identity',
      encode.relation(1, 's', 't', 'z', []),
      '"R" has an unknown replica identity at byte 9',
    ],
    ['a name without end', Buffer.from('R\0\0\0\x01pub'), '"R" ends inside a name at byte 5 of 8'],
  ])('%s', (_, bytes, message) => {
    const { code, message: text } = outcome(bytes)
    expect(code).toBe('PGOUTPUT_UNEXPECTED_MESSAGE')
    expect(text).toContain(message)
  })

  test('a table that was never described', () => {
    expect(() => parseMessage(encode.insert(42, ['1']), 0, () => undefined)).toThrow('names relation 42')
  })

  test('nothing', () => {
    expect(outcome(Buffer.alloc(0)).code).toBe('PGOUTPUT_UNEXPECTED_MESSAGE')
  })

  const whole: [string, Buffer][] = [
    ['Begin', encode.begin(1n, 2n, 3)],
    ['Commit', encode.commit(1n, 2n, 3n)],
    ['Relation', encode.relation(1, 'public', 't', 'd', columns)],
    ['Insert', encode.insert(1, ['1', null, 'some longer text'])],
    ['Update', encode.update(1, ['1', unchanged, 'x'], { kind: 'K', values: ['2', null, null] })],
    ['Delete', encode.delete(1, 'K', ['1', null, null])],
    ['Truncate', encode.truncate([1, 2])],
  ]

  test.each(whole)('%s cut short anywhere', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(outcome(bytes.subarray(0, length)).code).toBe('PGOUTPUT_UNEXPECTED_MESSAGE')
    }
  })

  test('no bytes at all do anything but parse or throw our error, and no value is in its message', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...whole.map(([, bytes]) => bytes)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (bytes, changes) => {
          const broken = Buffer.from(bytes)
          for (const [at, byte] of changes) broken[at % broken.length] = byte
          const { code, message } = outcome(broken)
          expect(['parsed', 'PGOUTPUT_UNEXPECTED_MESSAGE']).toContain(code)
          expect(message).not.toContain('some longer text')
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('round trip', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'))
  const odd = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '1', '')
  const names = fc.uniqueArray(fc.oneof(name, odd), { minLength: 1, maxLength: 8 })
  const value: fc.Arbitrary<EncodedValue> = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: 'binary-ascii', maxLength: 10 }),
    fc.constant(null),
    fc.constant(unchanged),
  )
  /** Unchanged TOAST and what is no part of the row are left away. */
  const told = (
    named: readonly string[],
    values: readonly EncodedValue[],
    isTold: (index: number) => boolean = () => true,
  ): [string, EncodedValue][] =>
    named.flatMap((column, index) => {
      const given = values[index] as EncodedValue
      return given === unchanged || !isTold(index) ? [] : [[column, given] as [string, EncodedValue]]
    })
  const sorted = (pairs: readonly [string, unknown][] | undefined): [string, unknown][] | undefined =>
    pairs && [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))

  test('names and values of every kind come back', () => {
    fc.assert(
      fc.property(
        names.chain((named) =>
          fc.record({
            named: fc.constant(named),
            keys: fc.array(fc.boolean(), { minLength: named.length, maxLength: named.length }),
            old: fc.array(value, { minLength: named.length, maxLength: named.length }),
            now: fc.array(value, { minLength: named.length, maxLength: named.length }),
          }),
        ),
        ({ named, keys, old, now }) => {
          const keyed = describeTable(
            'i',
            named.map((each, index) => ({ name: each, isKey: keys[index] === true })),
          )
          const complete = describeTable(
            'f',
            named.map((each) => ({ name: each, isKey: true })),
          )

          const insert = parse(encode.insert(1, now), keyed)
          expect(insert.kind === 'insert' && sorted(entries(insert.row))).toEqual(sorted(told(named, now)))

          const update = parse(encode.update(1, now, { kind: 'O', values: old }), complete)
          const filled = now.map((given, index) =>
            given === unchanged ? (old[index] as EncodedValue) : given,
          )
          expect(update.kind === 'update' && sorted(entries(update.row))).toEqual(sorted(told(named, filled)))
          expect(update.kind === 'update' && sorted(entries(update.oldRow))).toEqual(sorted(told(named, old)))

          const isKey = (index: number): boolean => keys[index] === true
          const deleted = parse(encode.delete(1, 'K', old), keyed)
          expect(deleted.kind === 'delete' && sorted(entries(deleted.oldRow))).toEqual(
            sorted(told(named, old, isKey)),
          )
        },
      ),
    )
  })
})
