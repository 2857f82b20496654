import { describe, expect, test } from 'vitest'
import { type Plan, planOf } from '../schema/plan.ts'
import type { Schema } from '../schema/schema.ts'
import type { RowEvent } from './affected-keys.ts'
import { RecentDeletes } from './recent-deletes.ts'

const author = (hasFKConstraint: boolean): Schema => ({
  type: 'many-to-one',
  column: 'authorId',
  referencesTable: 'author',
  referencesColumn: 'id',
  hasFKConstraint,
  schema: { type: 'column', column: 'name' },
})

const plan = planOf({ table: 'book', primaryKey: 'id', schema: author(true) })
const planWithoutKey = planOf({ table: 'book', primaryKey: 'id', schema: author(false) })

function deleted(xid?: number): RowEvent {
  return { action: 'DELETE', table: 'author', dataOld: { id: 1 }, xid }
}

function inserted(xid?: number): RowEvent {
  return { action: 'INSERT', table: 'author', data: { id: 1 }, xid }
}

/** Whether each event's row may be one that was deleted before. */
function place(recent: RecentDeletes, events: readonly RowEvent[], of: Plan = plan): boolean[] {
  const nodes = of.nodes.slice(1)
  return recent.place(events.map((event) => ({ event, nodes }))).map(({ rowMayReappear }) => rowMayReappear)
}

describe('RecentDeletes', () => {
  test('finds an INSERT after a DELETE in one transaction', () => {
    expect(place(new RecentDeletes(), [deleted(7), inserted(7)])).toEqual([true, true])
  })

  test('finds it also where the transaction goes on in a later batch', () => {
    const recent = new RecentDeletes()
    place(recent, [deleted(7)])
    place(recent, [inserted(8)])
    expect(place(recent, [inserted(7)])).toEqual([true])
  })

  test('sees nothing in another transaction', () => {
    expect(place(new RecentDeletes(), [deleted(7), inserted(8)])).toEqual([true, false])
  })

  test('takes events that tell no transaction as one with their batch, and no longer', () => {
    const recent = new RecentDeletes()
    expect(place(recent, [deleted(), inserted()])).toEqual([true, true])
    expect(place(recent, [inserted()])).toEqual([false])
  })

  test('does not confuse a transaction with a batch of that number', () => {
    const recent = new RecentDeletes()
    expect(place(recent, [deleted(1), inserted()])).toEqual([true, false])
  })

  test('asks nothing of tables that no foreign key leads to: those are looked up anyway', () => {
    expect(place(new RecentDeletes(), [deleted(7), inserted(7)], planWithoutKey)).toEqual([false, false])
  })

  test('does not ask for an UPDATE, whose row was there before', () => {
    const updated: RowEvent = { action: 'UPDATE', table: 'author', data: { id: 1 }, xid: 7 }
    expect(place(new RecentDeletes(), [deleted(7), updated, inserted(7)])).toEqual([true, false, true])
  })

  test('keeps two tables apart', () => {
    const publishers = planOf({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'many-to-one',
        column: 'publisherId',
        referencesTable: 'publisher',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: { type: 'column', column: 'name' },
      },
    })
    const recent = new RecentDeletes()
    place(recent, [deleted(7)])
    expect(place(recent, [inserted(7)], publishers)).toEqual([false])
  })

  test('forgets the oldest first, and stays of bounded size', () => {
    const recent = new RecentDeletes()
    place(
      recent,
      Array.from({ length: 10_001 }, (_, xid) => deleted(xid)),
    )
    expect(place(recent, [inserted(0)])).toEqual([false])
    expect(place(recent, [inserted(1), inserted(10_000)])).toEqual([true, true])
  })
})
