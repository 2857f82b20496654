import pg from 'pg'
import { expect, test } from 'vitest'
import { CaptureError } from '../../core/errors/capture-error.ts'
import { ServerError } from './connection.ts'
import { classifyFailure } from './failure.ts'

const context = { slot: 's', publication: 'p', wasConnected: true, wasStreaming: true }

function answer(sqlState: string): ServerError {
  const error = new pg.DatabaseError('the answer', 10, 'error')
  error.code = sqlState
  return new ServerError(error)
}

test.each([
  ['57P01', 'CONNECTION_FAILED', true],
  ['57P03', 'CONNECTION_FAILED', true],
  ['08006', 'CONNECTION_FAILED', true],
  ['53300', 'CONNECTION_FAILED', true],
  ['XX000', 'CONNECTION_FAILED', true],
  ['55006', 'SLOT_IN_USE', true],
  ['55000', 'SLOT_LOST', false],
  ['58P01', 'SLOT_LOST', false],
  ['42501', 'REPLICATION_PERMISSION_MISSING', false],
  ['42704', 'PUBLICATION_MISSING', false],
  ['28P01', 'CONNECTION_FAILED', false],
  ['3D000', 'CONNECTION_FAILED', false],
  ['0A000', 'CONNECTION_FAILED', false],
  ['22021', 'CONNECTION_FAILED', false],
])('SQLSTATE %s is %s, and passes by itself: %s', (sqlState, code, isTransient) => {
  expect(classifyFailure(answer(sqlState), context)).toMatchObject({ error: { code }, isTransient })
})

test('what is missing before the stream began is the slot', () => {
  const failure = classifyFailure(answer('42704'), { ...context, wasStreaming: false })
  expect(failure).toMatchObject({ error: { code: 'SLOT_MISSING' }, isTransient: false })
})

test('a network that fails passes, unless it never worked', () => {
  const lost = new ServerError(new Error('read ECONNRESET'))
  expect(classifyFailure(lost, context).isTransient).toBe(true)
  expect(classifyFailure(lost, { ...context, wasConnected: false })).toMatchObject({
    error: { code: 'CONNECTION_FAILED', message: 'The connection to Postgres failed: read ECONNRESET' },
    isTransient: false,
  })
})

test('whatever is not from the server is thrown as it is', () => {
  const bug = new TypeError('a bug')
  expect(classifyFailure(bug, context)).toEqual({ error: bug, isTransient: false })
  const ours = new CaptureError('SLOT_LOST', 'lost')
  expect(classifyFailure(ours, context).error).toBe(ours)
})
