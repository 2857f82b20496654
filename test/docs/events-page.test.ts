import { transform } from 'esbuild'
import type { WALEvent } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { snippetsOf } from './snippets.ts'

// docs/events.md, run: what it gives to turn Debezium's messages into events.

async function eventOf(message: unknown): Promise<WALEvent> {
  const snippet = snippetsOf('docs/events.md').find(({ code }) => code.includes('export function eventOf'))
  const script = await transform(snippet!.code, { loader: 'ts', format: 'esm' })
  const module = (await import(`data:text/javascript,${encodeURIComponent(script.code)}`)) as {
    eventOf: (message: unknown) => WALEvent
  }
  return module.eventOf(message)
}

const source = { schema: 'library', table: 'book', txId: 571, lsn: 24023128 }
const origin = { schema: 'library', table: 'book', xid: 571 }

describe('the message of Debezium', () => {
  test.each(['c', 'r'])('%s is an INSERT', async (op) => {
    expect(await eventOf({ op, before: null, after: { id: 1 }, source })).toEqual({
      ...origin,
      action: 'INSERT',
      data: { id: 1 },
    })
  })

  test('u is an UPDATE whose unavailable values are unknown', async () => {
    const after = { id: 1, title: 'b', body: '__debezium_unavailable_value', note: null }
    const before = { id: 1, title: 'a', body: '__debezium_unavailable_value', note: null }
    expect(await eventOf({ op: 'u', before, after, source })).toEqual({
      ...origin,
      action: 'UPDATE',
      data: { id: 1, title: 'b', note: null },
      dataOld: { id: 1, title: 'a', note: null },
    })
  })

  test('d is a DELETE', async () => {
    expect(
      await eventOf({ op: 'd', before: { id: 1 }, after: null, source: { ...source, txId: null } }),
    ).toEqual({
      schema: 'library',
      table: 'book',
      xid: undefined,
      action: 'DELETE',
      dataOld: { id: 1 },
    })
  })

  test('t is a TRUNCATE', async () => {
    expect(await eventOf({ op: 't', source })).toEqual({ ...origin, action: 'TRUNCATE' })
  })
})
