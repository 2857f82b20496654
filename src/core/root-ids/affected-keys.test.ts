import { describe, expect, test } from 'vitest'
import { CaptureError } from '../errors/capture-error.ts'
import type { EventRow } from '../events/wal-event.ts'
import { planOf, type TableNode } from '../schema/plan.ts'
import type { ManyToOneSchema, Schema } from '../schema/schema.ts'
import { affectedKeys, isPromised, type RowEvent } from './affected-keys.ts'

type Place = 'root' | 'many-to-one with a foreign key' | 'many-to-one without one' | 'one-to-many'

interface Case {
  readonly name: string
  readonly data?: EventRow
  readonly dataOld?: EventRow
  readonly keys: readonly string[] | 'EVENT_VALUE_UNKNOWN'
}

const author = (hasFKConstraint: boolean): Schema => ({
  type: 'many-to-one',
  column: 'authorId',
  referencesTable: 'author',
  referencesColumn: 'id',
  hasFKConstraint,
  schema: { type: 'column', column: 'name' },
})

const schemas: Readonly<Record<Place, Schema>> = {
  root: { type: 'column', column: 'name' },
  'many-to-one with a foreign key': author(true),
  'many-to-one without one': author(false),
  'one-to-many': {
    type: 'one-to-many',
    column: 'isbn',
    referencingTable: 'review',
    referencingColumn: 'id',
    schema: { type: 'column', column: 'name' },
  },
}

/** The place under test, whose key column is called `id` and which reads `name` beside it. */
function nodeOf(place: Place): TableNode {
  const node = planOf({ table: 'book', primaryKey: 'id', schema: schemas[place] }).nodes.at(-1)
  expect(node?.columns).toEqual(['id', 'name'])
  return node!
}

const inserts: readonly Case[] = [
  { name: 'gives the key', data: { id: 1, name: 'a' }, keys: ['1'] },
  { name: 'needs no column but the key', data: { id: 1 }, keys: ['1'] },
  { name: 'without the key is refused', data: { name: 'a' }, keys: 'EVENT_VALUE_UNKNOWN' },
]

const updates: readonly Case[] = [
  {
    name: 'of a column that is read gives the key',
    data: { id: 1, name: 'b' },
    dataOld: { id: 1, name: 'a' },
    keys: ['1'],
  },
  {
    name: 'of other columns gives nothing',
    data: { id: 1, name: 'a', age: 2 },
    dataOld: { id: 1, name: 'a', age: 1 },
    keys: [],
  },
  {
    name: 'of the key gives the new and the old one',
    data: { id: 2, name: 'a' },
    dataOld: { id: 1, name: 'a' },
    keys: ['2', '1'],
  },
  {
    name: 'whose old row is but the key gives the key, as all else may have changed',
    data: { id: 1, name: 'a' },
    dataOld: { id: 1 },
    keys: ['1'],
  },
  {
    name: 'with a value that was not sent gives the key',
    data: { id: 1 },
    dataOld: { id: 1, name: 'a' },
    keys: ['1'],
  },
  {
    name: 'gives keys of two types as one text',
    data: { id: 1, name: 'b' },
    dataOld: { id: '1', name: 'a' },
    keys: ['1'],
  },
  {
    name: 'whose new row lacks the key is refused',
    data: { name: 'b' },
    dataOld: { id: 1, name: 'a' },
    keys: 'EVENT_VALUE_UNKNOWN',
  },
  {
    name: 'whose old row lacks the key but holds another column is refused',
    data: { id: 1, name: 'b' },
    dataOld: { name: 'a' },
    keys: 'EVENT_VALUE_UNKNOWN',
  },
]

/** An unchanged key is not sent as old row. For a key that is not the root's primary key nobody can tell. */
const updatesWithoutOldRow: Readonly<Record<'root' | 'link', readonly Case[]>> = {
  root: [
    {
      name: 'without an old row gives the key, which did not change',
      data: { id: 1, name: 'a' },
      keys: ['1'],
    },
    { name: 'with an empty old row gives the key too', data: { id: 1, name: 'a' }, dataOld: {}, keys: ['1'] },
  ],
  link: [
    { name: 'without an old row is refused', data: { id: 1, name: 'a' }, keys: 'EVENT_VALUE_UNKNOWN' },
    {
      name: 'with an empty old row is refused',
      data: { id: 1, name: 'a' },
      dataOld: {},
      keys: 'EVENT_VALUE_UNKNOWN',
    },
  ],
}

const nullLinks: Readonly<Record<RowEvent['action'], readonly Case[]>> = {
  INSERT: [{ name: 'with NULL for a link gives nothing', data: { id: null, name: 'a' }, keys: [] }],
  UPDATE: [
    {
      name: 'that sets the link to NULL gives the old one',
      data: { id: null, name: 'a' },
      dataOld: { id: 1, name: 'a' },
      keys: ['1'],
    },
    {
      name: 'that gives a first link gives it',
      data: { id: 1, name: 'a' },
      dataOld: { id: null, name: 'a' },
      keys: ['1'],
    },
    {
      name: 'of a row that hangs nowhere gives nothing',
      data: { id: null, name: 'b' },
      dataOld: { id: null, name: 'a' },
      keys: [],
    },
  ],
  DELETE: [{ name: 'with NULL for a link gives nothing', dataOld: { id: null, name: 'a' }, keys: [] }],
}

const deletes: readonly Case[] = [
  { name: 'gives the key', dataOld: { id: 1, name: 'a' }, keys: ['1'] },
  { name: 'needs no column but the key', dataOld: { id: 1 }, keys: ['1'] },
  { name: 'whose old row lacks the key is refused', dataOld: { name: 'a' }, keys: 'EVENT_VALUE_UNKNOWN' },
]

const promised = (name: string): readonly Case[] => [
  { name, data: { id: 1, name: 'a' }, dataOld: { id: 1, name: 'a' }, keys: [] },
  { name: `${name}, also without the key`, data: { name: 'a' }, dataOld: { name: 'a' }, keys: [] },
]

const link = {
  INSERT: [...inserts, ...nullLinks.INSERT],
  UPDATE: [...updates, ...updatesWithoutOldRow.link, ...nullLinks.UPDATE],
  DELETE: [...deletes, ...nullLinks.DELETE],
}

const cases: Readonly<Record<Place, Readonly<Record<RowEvent['action'], readonly Case[]>>>> = {
  root: { INSERT: inserts, UPDATE: [...updates, ...updatesWithoutOldRow.root], DELETE: deletes },
  'many-to-one with a foreign key': {
    INSERT: promised('gives nothing, as no row can point to it yet'),
    UPDATE: link.UPDATE,
    DELETE: promised('gives nothing, as no row can point to it any more'),
  },
  'many-to-one without one': link,
  'one-to-many': link,
}

const all = Object.entries(cases).flatMap(([place, actions]) =>
  Object.entries(actions).flatMap(([action, list]) =>
    list.map((of) => [place as Place, action as RowEvent['action'], of.name, of] as const),
  ),
)

function eventOf(action: RowEvent['action'], { data, dataOld }: Case): RowEvent {
  const table = 'any'
  switch (action) {
    case 'INSERT':
      return { action, table, data: data! }
    case 'UPDATE':
      return { action, table, data: data!, dataOld }
    default:
      return { action, table, dataOld: dataOld! }
  }
}

function keysOrCode(run: () => readonly string[]): unknown {
  try {
    return run()
  } catch (error) {
    return error instanceof CaptureError ? error.code : error
  }
}

function failureOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

describe('affectedKeys', () => {
  test.each(all)('at a %s, an %s %s', (place, action, _, of) => {
    expect(keysOrCode(() => affectedKeys(nodeOf(place), eventOf(action, of), ['id'], false))).toEqual(of.keys)
  })

  describe('at a place with a filter', () => {
    const [root] = planOf({
      table: 'book',
      primaryKey: 'id',
      where: { deletedAt: null },
      schema: { type: 'column', column: 'name' },
    }).nodes
    const there = (id: number, more: EventRow = {}): EventRow => ({ id, name: 'a', deletedAt: null, ...more })
    const gone = (id: number, more: EventRow = {}): EventRow => ({ ...there(id, more), deletedAt: '2026' })

    test.each<[string, RowEvent['action'], EventRow | undefined, EventRow | undefined, string[]]>([
      ['a row that counts', 'INSERT', there(1), undefined, ['1']],
      ['a row that does not', 'INSERT', gone(1), undefined, []],
      ['a row of which nobody knows', 'INSERT', { id: 1 }, undefined, ['1']],
      ['a row that did not count', 'DELETE', undefined, gone(1), []],
      ['a row that did', 'DELETE', undefined, there(1), ['1']],
      ['a row of which the key is known', 'DELETE', undefined, { id: 1 }, ['1']],
      ['a row that no longer counts', 'UPDATE', gone(1), there(1), ['1']],
      ['a row that now counts', 'UPDATE', there(1), gone(1), ['1']],
      ['a row that counts neither way', 'UPDATE', gone(1, { name: 'b' }), gone(1), []],
      ['a row that leaves with its key', 'UPDATE', gone(2), there(1), ['1']],
      ['a row that comes with its key', 'UPDATE', there(2), gone(1), ['2']],
      ['a row that does not count any more, whose old row is not told', 'UPDATE', gone(1), undefined, ['1']],
      ['an unread column of a row that counts', 'UPDATE', there(1, { x: 1 }), there(1, { x: 2 }), []],
    ])('takes of %s, %s: %j from %j', (_, action, data, dataOld, keys) => {
      const event = { action, table: 'book', data, dataOld } as RowEvent
      expect(affectedKeys(root!, event, ['id'], false)).toEqual(keys)
    })
  })

  test('takes null for an old row that is not there, as JSON has it', () => {
    const event = {
      action: 'UPDATE',
      table: 'book',
      data: { id: 1, name: 'a' },
      dataOld: null,
    } as unknown as RowEvent
    expect(affectedKeys(nodeOf('root'), event, ['id'], false)).toEqual(['1'])
  })

  test('gives the key of an INSERT behind a foreign key where its transaction deleted such a row', () => {
    const event: RowEvent = { action: 'INSERT', table: 'author', data: { id: 1, name: 'a' } }
    expect(affectedKeys(nodeOf('many-to-one with a foreign key'), event, ['id'], true)).toEqual(['1'])
  })

  test('also where the row that came back is kept out by a filter: the one that went may have passed it', () => {
    const schema: Schema = { ...(author(true) as ManyToOneSchema), where: { name: null } }
    const node = planOf({ table: 'book', primaryKey: 'id', schema }).nodes.at(-1)!
    const event: RowEvent = { action: 'INSERT', table: 'author', data: { id: 1, name: 'no longer null' } }
    expect(affectedKeys(node, event, ['id'], true)).toEqual(['1'])
    expect(affectedKeys(node, event, ['id'], false)).toEqual([])
  })

  test('gives an empty text as a key', () => {
    const event: RowEvent = { action: 'INSERT', table: 'book', data: { id: '' } }
    expect(affectedKeys(nodeOf('root'), event, ['id'], false)).toEqual([''])
  })

  test('reads a key column called constructor from the row alone', () => {
    const [root] = planOf({
      table: 'book',
      primaryKey: 'constructor',
      schema: { type: 'column', column: 'constructor' },
    }).nodes
    const event: RowEvent = { action: 'INSERT', table: 'book', data: {} }
    expect(failureOf(() => affectedKeys(root!, event, ['constructor'], false))).toMatchObject({
      code: 'EVENT_VALUE_UNKNOWN',
    })
  })

  test('names column, table and statement where the old row holds the key alone', () => {
    const review = planOf({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'library.review',
        referencingColumn: 'bookId',
        schema: { type: 'column', column: 'rating' },
      },
    }).nodes[1]!
    const event: RowEvent = {
      action: 'UPDATE',
      table: 'library.review',
      data: { id: 5, bookId: 2, rating: 3 },
      dataOld: { id: 5 },
    }
    const failure = failureOf(() => affectedKeys(review, event, ['bookId'], false))
    expect(failure).toBeInstanceOf(CaptureError)
    expect((failure as CaptureError).message).toBe(
      'Column "bookId" of "library"."review" is missing from the old row of an event, so the objects that it belongs to ' +
        'can\'t be found. Run: ALTER TABLE "library"."review" REPLICA IDENTITY FULL; and let the source pass the old row on ' +
        'whole.',
    )
  })

  test('names the column and the table where the new row lacks the key', () => {
    const event: RowEvent = { action: 'INSERT', table: 'book', data: { name: 'secret' } }
    const failure = failureOf(() => affectedKeys(nodeOf('root'), event, ['id'], false)) as CaptureError
    expect(failure.message).toContain('Column "id" of "book" is missing from the new row of an event')
    expect(failure.message).not.toContain('secret')
  })
})

describe('isPromised', () => {
  test.each([
    ['root', false],
    ['many-to-one with a foreign key', true],
    ['many-to-one without one', false],
    ['one-to-many', false],
  ] as const)('of a %s is %s', (place, expected) => {
    expect(isPromised(nodeOf(place))).toBe(expected)
  })
})
