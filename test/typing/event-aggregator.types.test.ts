import {
  buildSchemaQuery,
  type Changes,
  defineSchema,
  EventAggregator,
  getRootIdsFromEvent,
  type ObjectOf,
  type QueryBuilder,
  type QueryClient,
  type RootIds,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Bookshop } from './bookshop.ts'

const client: QueryClient = { query: async () => ({ rows: [] }) }

const books = defineSchema<Bookshop>()({
  table: 'book',
  primaryKey: 'id',
  schema: { type: 'object', properties: { title: { type: 'column', column: 'title' } } },
})
type Book = ObjectOf<typeof books>

interface CopyId {
  book_id: string
  number: string
}

const plain: RootSchema = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } }

describe('onChange of an EventAggregator receives', () => {
  test('the objects that the schema defines', () => {
    const aggregator = new EventAggregator({
      schema: books,
      client,
      onChange: (changes) => {
        expectTypeOf(changes).toEqualTypeOf<Changes<{ title: string }>>()
      },
    })
    expectTypeOf(aggregator).toEqualTypeOf<EventAggregator<{ title: string }>>()
  })

  test('ids of several columns as objects', () => {
    const schema = defineSchema<Bookshop>()({
      table: 'stock.copy',
      primaryKey: ['book_id', 'number'],
      schema: { type: 'column', column: 'shelf' },
    })
    const aggregator = new EventAggregator({
      schema,
      client,
      onChange: (changes) => {
        expectTypeOf(changes).toEqualTypeOf<Changes<string | null, CopyId>>()
      },
    })
    expectTypeOf(aggregator).toEqualTypeOf<EventAggregator<string | null, CopyId>>()
    expectTypeOf(buildSchemaQuery(schema, [])).toEqualTypeOf<
      QueryBuilder<{ id: CopyId; object: string | null }>
    >()
  })

  test('whatever it says, of a schema that says nothing', () => {
    expectTypeOf(new EventAggregator({ schema: plain, client })).toEqualTypeOf<EventAggregator>()
    const onChange = (changes: Changes<Book>): void => void changes
    expectTypeOf(new EventAggregator({ schema: plain, client, onChange })).toEqualTypeOf<
      EventAggregator<Book>
    >()
    expectTypeOf(new EventAggregator<Book>({ schema: plain, client })).toEqualTypeOf<EventAggregator<Book>>()
  })

  test('what the schema defines, and nothing else', () => {
    const onChange = (changes: Changes<{ title: number }>): void => void changes
    // @ts-expect-error the title is a string
    expectTypeOf(new EventAggregator({ schema: books, client, onChange })).not.toBeAny()
    const anything = (changes: Changes): void => void changes
    expectTypeOf(new EventAggregator({ schema: books, client, onChange: anything })).not.toBeAny()
  })
})

test('rows of buildSchemaQuery hold what the schema defines', () => {
  expectTypeOf(buildSchemaQuery(books, [1])).toEqualTypeOf<QueryBuilder<{ id: string; object: Book }>>()
  expectTypeOf(buildSchemaQuery(plain, [1])).toEqualTypeOf<QueryBuilder<{ id: string; object: unknown }>>()
})

test('ids of getRootIdsFromEvent are those that the schema defines', () => {
  const event: WALEvent = {
    table: 'copy',
    schema: 'stock',
    action: 'INSERT',
    data: { book_id: 8, number: 1 },
  }
  const copies = defineSchema<Bookshop>()({
    table: 'stock.copy',
    primaryKey: ['book_id', 'number'],
    schema: { type: 'column', column: 'shelf' },
  })
  const found = getRootIdsFromEvent(copies, event)
  expectTypeOf(found).toEqualTypeOf<RootIds<CopyId>>()
  expect(found.ids).toEqual([{ book_id: '8', number: '1' }] satisfies CopyId[])
  expectTypeOf(getRootIdsFromEvent(plain, event)).toEqualTypeOf<RootIds>()
  expectTypeOf(getRootIdsFromEvent<CopyId>(plain, event)).toEqualTypeOf<RootIds<CopyId>>()
})
