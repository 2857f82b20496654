import fc from 'fast-check'
import type { EventRow } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { actionOf, producers } from './producers.ts'
import { changes, insertions, isKept, jsonText, keepsItsKey, NumberOf, type TrueRow } from './true-changes.ts'

// What really happened is put into each format as its producer does. Of the event that comes out, every value must be the true
// one, and whatever changed must be possible to have changed.

/** The columns of a row that hold another value than the true one. */
function wrongColumns(row: EventRow | undefined, truth: TrueRow | null): string[] {
  return Object.entries(row ?? {})
    .filter(([column, value]) => value !== undefined && textual(value) !== textual(truth?.[column]))
    .map(([column]) => column)
}

/** A number and its text are one value of a column; a document comes as it is, or as its text. */
function textual(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof NumberOf) return value.digits
  return typeof value === 'string' ? value : jsonText(value)
}

describe.each(Object.entries(producers))('%s', (_name, { write, read, can }) => {
  test('tells nothing that is not true, and hides no change', () => {
    fc.assert(
      fc.property(changes(), (change) => {
        fc.pre(can?.(change) ?? true)
        const [message, ...others] = write(change)
        // Two messages for a change of the key are a delete and a create, each of which is tried by itself.
        fc.pre(message !== undefined && others.length === 0)
        const [event, ...more] = read(message, change)
        expect(more).toEqual([])
        expect(event).toMatchObject({ action: actionOf(change), schema: 'public', table: 't' })
        expect(wrongColumns(event!.data, change.after), 'new row').toEqual([])
        expect(wrongColumns(event!.dataOld, change.before), 'old row').toEqual([])
        if (event!.action !== 'UPDATE') return
        for (const column of Object.keys(change.columns).filter((name) => !isKept(change, name))) {
          const before = event!.dataOld?.[column]
          const after = event!.data[column]
          // Where both are told, both are true, and so they differ.
          expect(before === undefined || after === undefined || before !== after, column).toBe(true)
        }
        // An old row without columns says that the key did not change.
        if (!keepsItsKey(change)) expect(Object.keys(event!.dataOld ?? {})).not.toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('tells an inserted row whole', () => {
    fc.assert(
      fc.property(insertions(), (change) => {
        const [event] = read(write(change)[0]!, change)
        expect(Object.keys(event!.data ?? {}).sort()).toEqual(Object.keys(change.columns).sort())
      }),
    )
  })
})
