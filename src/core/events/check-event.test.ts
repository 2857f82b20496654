import { describe, expect, test } from 'vitest'
import { CaptureError } from '../errors/capture-error.ts'
import { checkEvent } from './check-event.ts'
import type { WALEvent } from './wal-event.ts'

const row = { id: 1 }

const fine: readonly (readonly [name: string, event: unknown])[] = [
  ['an INSERT', { table: 'book', action: 'INSERT', data: row }],
  [
    'an INSERT as the documentation writes it',
    { table: 'book', action: 'INSERT', data: row, dataOld: undefined },
  ],
  [
    'an INSERT whose JSON has null for no old row',
    { table: 'book', action: 'INSERT', data: row, dataOld: null },
  ],
  ['an UPDATE', { table: 'book', action: 'UPDATE', data: row, dataOld: row }],
  ['an UPDATE without an old row', { table: 'book', action: 'UPDATE', data: row }],
  [
    'an UPDATE whose JSON has null for no old row',
    { table: 'book', action: 'UPDATE', data: row, dataOld: null },
  ],
  ['a DELETE', { table: 'book', action: 'DELETE', data: undefined, dataOld: row }],
  ['a TRUNCATE', { table: 'book', action: 'TRUNCATE' }],
  ['a table of a Postgres schema', { schema: 'library', table: 'book', action: 'TRUNCATE' }],
  [
    'a row without a prototype',
    { table: 'book', action: 'INSERT', data: Object.assign(Object.create(null), row) },
  ],
]

const malformed: readonly (readonly [name: string, event: unknown, field: string])[] = [
  ['nothing', undefined, 'object'],
  ['null', null, 'object'],
  ['a text', 'INSERT', 'object'],
  ['no table', { action: 'INSERT', data: row }, '"table"'],
  ['an empty table', { table: '', action: 'INSERT', data: row }, '"table"'],
  ['a table that is no text', { table: { table: 'book' }, action: 'INSERT', data: row }, '"table"'],
  ['a schema that is no text', { schema: 1, table: 'book', action: 'INSERT', data: row }, '"schema"'],
  ['no action', { table: 'book', data: row }, '"action"'],
  ['an unknown action', { table: 'book', action: 'UPSERT', data: row }, '"action"'],
  ['an action in lower case', { table: 'book', action: 'insert', data: row }, '"action"'],
  ['an action that every object seems to have', { table: 'book', action: 'constructor' }, '"action"'],
  ['an INSERT without row', { table: 'book', action: 'INSERT' }, '"data"'],
  ['an INSERT with null for a row', { table: 'book', action: 'INSERT', data: null }, '"data"'],
  ['an INSERT with a list for a row', { table: 'book', action: 'INSERT', data: [1] }, '"data"'],
  ['an INSERT with a text for a row', { table: 'book', action: 'INSERT', data: 'secret' }, '"data"'],
  ['an UPDATE without new row', { table: 'book', action: 'UPDATE', dataOld: row }, '"data"'],
  [
    'an UPDATE with a text for an old row',
    { table: 'book', action: 'UPDATE', data: row, dataOld: 'secret' },
    '"dataOld"',
  ],
  [
    'an UPDATE with a list for an old row',
    { table: 'book', action: 'UPDATE', data: row, dataOld: [] },
    '"dataOld"',
  ],
  ['a DELETE without old row', { table: 'book', action: 'DELETE' }, '"dataOld"'],
  ['a DELETE that has its row in data', { table: 'book', action: 'DELETE', data: row }, '"dataOld"'],
  ['a DELETE with null for a row', { table: 'book', action: 'DELETE', dataOld: null }, '"dataOld"'],
]

describe('checkEvent', () => {
  test.each(fine)('takes %s', (_, event) => {
    expect(() => checkEvent(event as WALEvent)).not.toThrow()
  })

  test.each(malformed)('refuses %s and names the field', (_, event, field) => {
    const failure = failureOf(event)
    expect(failure).toBeInstanceOf(CaptureError)
    expect(failure).toMatchObject({ code: 'EVENT_MALFORMED' })
    expect(String(failure)).toContain(field)
    expect(String(failure)).not.toContain('secret')
  })
})

function failureOf(event: unknown): unknown {
  try {
    checkEvent(event as WALEvent)
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}
