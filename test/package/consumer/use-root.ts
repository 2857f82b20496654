// Compiled against the installed package, by the oldest and the newest supported TypeScript, without Node's types.
import {
  type Changes,
  defineSchema,
  EventAggregator,
  type IdsSet,
  type ObjectOf,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'

const schema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      title: { type: 'column', column: 'title' },
      author: {
        type: 'many-to-one',
        column: 'authorId',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: { type: 'column', column: 'name' },
      },
    },
  },
}

class MySet implements IdsSet {
  private set = new Set<unknown>()
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

export const emitted: Changes[] = []

const aggregator = new EventAggregator({
  schema,
  client: { query: async (_text: string, _values: unknown[]) => ({ rows: [] }) },
  idsSet: new MySet(),
  onChange: (changes) => {
    emitted.push(changes)
  },
})

const event: WALEvent = {
  action: 'UPDATE',
  table: 'author',
  data: { id: 'foo', name: 'Alice' },
  dataOld: { id: 'foo', name: 'Bob' },
}
await aggregator.handleEvent(event)

// @ts-expect-error an event without a table is refused
await aggregator.handleEvent({ action: 'INSERT', data: {} })

const titles = defineSchema<{ book: { id: string; title: string | null } }>()({
  table: 'book',
  primaryKey: 'id',
  schema: { type: 'column', column: 'title' },
})
export const title: ObjectOf<typeof titles> = null

defineSchema<{ book: { id: string } }>()({
  table: 'book',
  // @ts-expect-error a column that the table has not is refused
  primaryKey: 'title',
  schema: { type: 'column', column: 'id' },
})
