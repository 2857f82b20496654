import {
  buildSchemaQuery,
  type Changes,
  EventAggregator,
  getRootIdsFromEvent,
  type IdsSet,
  InMemorySet,
  QueryBuilder,
  type RootSchema,
} from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { normalSql } from './same-sql.ts'

// The snippets of the page "How does it work?", in its order, with what it says that they print. What needs Redis is in
// process-page.redis.test.ts.

const database = testDatabase({
  setup: `
    create table author (id text primary key, name text);
    create table book (id text primary key, title text, "authorId" text references author);
    create index on book ("authorId");
    insert into author values ('foo', 'Alice'), ('bar', 'Alice'), ('baz', 'Carol');
    insert into book values ('a', 'Harry Potter', 'foo'), ('b', 'Emma', 'foo'), ('c', 'Persuasion', 'bar')`,
})

const schema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      id: {
        type: 'column',
        column: 'id',
      },
      title: {
        type: 'column',
        column: 'title',
      },
      author: {
        type: 'many-to-one',
        column: 'authorId',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: {
          type: 'column',
          column: 'name',
        },
      },
    },
  },
}

const authorRenamed = {
  action: 'UPDATE' as const,
  table: 'author',
  data: { id: 'foo', name: 'Alice' },
  dataOld: { id: 'foo', name: 'Bob' },
}

const booksOfFoo = [
  { id: 'a', object: { id: 'a', title: 'Harry Potter', author: 'Alice' } },
  { id: 'b', object: { id: 'b', title: 'Emma', author: 'Alice' } },
]

const byId = (left: { id: string }, right: { id: string }): number => (left.id < right.id ? -1 : 1)

describe('1. handleEvent is called with a low level event', () => {
  test('an aggregator of schema, client and onChange hands on the changed books of an author', async () => {
    const client = await database.client()
    const emitted: Changes[] = []

    const aggregator = new EventAggregator({
      schema,
      client,
      onChange: (changes: Changes) => emitted.push(changes),
    })
    await aggregator.handleEvent({
      action: 'UPDATE',
      table: 'author',
      data: {
        id: 'foo',
        name: 'Alice',
      },
      dataOld: {
        id: 'foo',
        name: 'Bob',
      },
    })

    expect(emitted).toHaveLength(1)
    expect([...emitted[0]!.upsert].sort(byId)).toEqual(booksOfFoo)
    expect(emitted[0]!.delete).toEqual([])
  })

  test('events to other tables are ignored', async () => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema,
      client: await database.client(),
      onChange: (changes) => emitted.push(changes),
    })
    await aggregator.handleEvent({ action: 'INSERT', table: 'publisher', data: { id: 'a' } })
    expect(emitted).toEqual([])
  })
})

describe('2. The list of root ids is fetched', () => {
  test("an event on the book table gives the book's id and no query", () => {
    const { ids, query } = getRootIdsFromEvent(schema, {
      action: 'INSERT',
      table: 'book',
      data: {
        id: 'foo',
        title: 'Harry Potter',
      },
      dataOld: undefined,
    })

    expect(ids).toEqual(['foo'])
    expect(query).toBeNull()
  })

  test('an event on the authors table gives no id and the query that is printed', async () => {
    const { ids, query } = getRootIdsFromEvent(schema, {
      action: 'UPDATE',
      table: 'author',
      data: {
        id: 'bar',
        name: 'Alice',
      },
      dataOld: {
        id: 'bar',
        name: 'Bob',
      },
    })

    expect(ids).toEqual([])
    expect(query).toBeInstanceOf(QueryBuilder)
    const { text, values } = query!.toQuery()
    expect(normalSql(text)).toBe(
      normalSql(`
        SELECT "book_1"."id" as "id" 
        FROM "book" as "book_1"  
        WHERE "book_1"."authorId" = $1 
        GROUP BY "book_1"."id"`),
    )
    expect(values).toEqual(['bar'])
    expect(await query!.run(await database.client())).toEqual([{ id: 'c' }])
  })
})

describe('3. The ids are aggregated in a store', () => {
  class MySet implements IdsSet {
    private set = new Set()

    async add(ids: unknown[]) {
      ids.forEach((id) => this.set.add(id))
    }

    async delete(ids: unknown[]) {
      ids.forEach((id) => this.set.delete(id))
    }

    async *getAll() {
      yield [...this.set]
    }
  }

  test('MySet, exactly as it is printed, works as the set of an aggregator', async () => {
    const emitted: Changes[] = []
    const idsSet = new MySet()
    const aggregator = new EventAggregator({
      schema,
      client: await database.client(),
      idsSet,
      onChange: (changes) => emitted.push(changes),
    })

    await aggregator.handleEvent(authorRenamed)
    await aggregator.buildObjects()

    expect(emitted.map(({ upsert }) => [...upsert].sort(byId))).toEqual([booksOfFoo])
    for await (const ids of idsSet.getAll()) expect(ids).toEqual([])
  })

  test('several low level events on one object become a single high level event', async () => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema,
      client: await database.client(),
      idsSet: new MySet(),
      scheduleBuildObjects: () => undefined,
      onChange: (changes) => emitted.push(changes),
    })
    await aggregator.handleEvent(authorRenamed)
    await aggregator.handleEvent(authorRenamed)
    await aggregator.handleEvent({
      action: 'UPDATE',
      table: 'book',
      data: { id: 'a', title: 'Harry Potter', authorId: 'foo' },
      dataOld: { id: 'a', title: 'Harry', authorId: 'foo' },
    })
    await aggregator.buildObjects()
    expect(emitted.map(({ upsert }) => [...upsert].sort(byId))).toEqual([booksOfFoo])
  })
})

describe('4. The build task is scheduled', () => {
  test('by default the build task is called immediately', async () => {
    const order: string[] = []
    const aggregator = new EventAggregator({
      schema,
      client: await database.client(),
      onChange: () => order.push('onChange'),
    })
    await aggregator.handleEvent(authorRenamed)
    order.push('handled')
    expect(order).toEqual(['onChange', 'handled'])
  })

  test('scheduleBuildObjects may call build after a while', async () => {
    const emitted: Changes[] = []
    const built = new Promise<void>((resolve) => {
      void database.client().then((client) => {
        const aggregator = new EventAggregator({
          schema,
          client,
          onChange: (changes) => {
            emitted.push(changes)
            resolve()
          },
          scheduleBuildObjects: (build) => {
            setTimeout(() => {
              void build()
            }, 10)
          },
        })
        return aggregator.handleEvent(authorRenamed).then(() => expect(emitted).toEqual([]))
      })
    })
    await built
    expect([...emitted[0]!.upsert].sort(byId)).toEqual(booksOfFoo)
  })
})

describe('5. The objects are built', () => {
  /** A queue with the three calls of the page. */
  class Channel {
    readonly acknowledged: unknown[] = []
    readonly #messages: Buffer[] = []
    #consumer: ((message: Buffer) => Promise<void>) | undefined

    sendToQueue(_queue: string, message: Buffer, _options?: { delay: number }): void {
      this.#messages.push(message)
    }

    consume(_queue: string, consumer: (message: Buffer) => Promise<void>): void {
      this.#consumer = consumer
    }

    ack(message: Buffer): void {
      this.acknowledged.push(message)
    }

    async deliver(): Promise<void> {
      for (const message of this.#messages.splice(0)) await this.#consumer!(message)
    }
  }

  test('a scheduleBuildObjects that never calls build leaves the building to buildObjects of a second aggregator', async () => {
    const client = await database.client()
    const idsSet = new InMemorySet()
    const channel = new Channel()
    const emitted: Changes[] = []

    const aggregatorEmitter = new EventAggregator({
      schema,
      client,
      idsSet,
      scheduleBuildObjects: () => {
        channel.sendToQueue(
          'my-queue',
          Buffer.from('Build objects'), // Arbitrary message
          { delay: 100 }, // A small delay to allow for batching
        )
      },
    })
    const aggregatorBuilder = new EventAggregator({
      schema,
      client,
      idsSet,
      onChange: (changes) => {
        emitted.push(changes)
      },
    })
    channel.consume('my-queue', async (msg) => {
      await aggregatorBuilder.buildObjects()
      channel.ack(msg)
    })

    await aggregatorEmitter.handleEvent(authorRenamed)
    expect(emitted).toEqual([])
    await channel.deliver()

    expect(emitted.map(({ upsert }) => [...upsert].sort(byId))).toEqual([booksOfFoo])
    expect(channel.acknowledged).toHaveLength(1)
  })

  test('buildSchemaQuery gives the query that is printed, whose rows are id and object', async () => {
    const query = buildSchemaQuery(schema, ['a', 'b', 'no book'])
    const { text, values } = query.toQuery()
    expect(normalSql(text)).toBe(
      normalSql(`
        SELECT 
          "book_1"."id" AS "id", 
          JSON_BUILD_OBJECT(
            'id', "book_1"."id", 
            'title', "book_1"."title", 
            'author', "author_2"."object"
          ) AS "object" 
        FROM "book" AS "book_1" 
        LEFT JOIN (
          SELECT 
            "author_1"."id" AS "id", 
            "author_1"."name" AS "object" 
          FROM "author" AS "author_1"
        ) AS "author_2" ON "book_1"."authorId" = "author_2"."id" 
        WHERE "book_1"."id" IN ($1, $2, $3)`),
    )
    expect(values).toEqual(['a', 'b', 'no book'])
    const rows = await query.run(await database.client())
    expect(rows.sort((left, right) => (left.id < right.id ? -1 : 1))).toEqual(booksOfFoo)
  })

  test('a loop over getAll of a set builds what is in it', async () => {
    const idsSet = new InMemorySet()
    await idsSet.add(['a', 'b'])
    const texts: string[] = []
    for await (const ids of idsSet.getAll()) {
      const query = buildSchemaQuery(schema, ids)
      texts.push(query.toString())
    }
    expect(texts).toHaveLength(1)
    expect(texts[0]).toContain(`IN ('a', 'b')`)
  })
})

describe('6. The high level event is emitted', () => {
  test('an id with a row was upserted, an id without one was deleted', async () => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema,
      client: await database.client(),
      onChange: (changes) => emitted.push(changes),
    })
    await aggregator.handleEvents([
      { action: 'DELETE', table: 'book', dataOld: { id: 'gone', title: 'Emma', authorId: 'foo' } },
      { action: 'INSERT', table: 'book', data: { id: 'c', title: 'Persuasion', authorId: 'bar' } },
    ])
    expect(emitted).toEqual([
      {
        upsert: [{ id: 'c', object: { id: 'c', title: 'Persuasion', author: 'Alice' } }],
        delete: ['gone'],
        version: expect.any(BigInt),
      },
    ])
  })
})
