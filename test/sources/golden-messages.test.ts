import type { WALEvent } from 'pg-capture'
import { type DebeziumOptions, debeziumEvents } from 'pg-capture/sources/debezium'
import { type RedpandaConnectOptions, redpandaConnectEvents } from 'pg-capture/sources/redpanda-connect'
import { type SequinOptions, sequinEvents } from 'pg-capture/sources/sequin'
import { supabaseEvents } from 'pg-capture/sources/supabase'
import { walListenerEvents } from 'pg-capture/sources/wal-listener'
import { type Wal2jsonOptions, wal2jsonEvents } from 'pg-capture/sources/wal2json'
import { describe, expect, test } from 'vitest'
import { formsOf, type GoldenMessage, goldenMessages, plainEvents } from './golden-messages.ts'

type Message = string | Uint8Array | object

interface GoldenOptions extends DebeziumOptions, RedpandaConnectOptions, SequinOptions, Wal2jsonOptions {
  /** Columns that are never stored out of line. */
  readonly inline?: readonly string[]
}

type Golden = GoldenMessage<GoldenOptions>

const adapters: Readonly<Record<string, (message: Message, golden: Golden) => WALEvent[]>> = {
  debezium: (value, { key, options }) =>
    debeziumEvents(key === undefined ? value : { key: JSON.stringify(key), value }, options),
  'redpanda-connect': (message, { options }) => redpandaConnectEvents(message, options),
  sequin: (message, { options }) => sequinEvents(message, options),
  supabase: (message) => supabaseEvents(message),
  'wal-listener': (message, { options }) => {
    const inline = options?.inline
    const toasted = inline === undefined ? undefined : (column: string): boolean => !inline.includes(column)
    return walListenerEvents(message, { ...options, toasted })
  },
  wal2json: (message, { options }) => wal2jsonEvents(message, options),
}

describe.each(Object.keys(adapters))('messages of %s', (name) => {
  const goldens = goldenMessages<GoldenOptions>(name)

  test('are there', () => {
    expect(goldens.length).toBeGreaterThan(10)
  })

  test.each(goldens)('$name: $about', (golden) => {
    for (const [form, message] of formsOf(golden.message)) {
      expect(plainEvents(adapters[name]!(message, golden)), form).toEqual(golden.events)
    }
  })
})
