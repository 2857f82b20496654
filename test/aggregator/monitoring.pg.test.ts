import {
  Capture,
  type CaptureOptions,
  EventAggregator,
  type EventAggregatorOptions,
  type Health,
  InMemorySet,
  type Measured,
} from 'pg-capture'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library, retitled } from './library.ts'
import { ScriptedSource } from './scripted-source.ts'

const database = testDatabase({ setup: library })

function aggregatorOf(options: Partial<EventAggregatorOptions> = {}): EventAggregator {
  return new EventAggregator({
    schema: bookSchema,
    client: database,
    onChange: () => undefined,
    scheduleBuildObjects: () => undefined,
    ...options,
  })
}

/** Figures by name, with the kind of change after it where there is one. */
async function figuresOf(measured: Measured): Promise<Record<string, number>> {
  const figures = await measured.measure()
  return Object.fromEntries(
    figures.map(({ name, labels, value }) => [[name, labels['change']].filter(Boolean).join(' '), value]),
  )
}

const codesOf = ({ reasons }: Health): string[] => reasons.map(({ code, state }) => `${state} ${code}`)

describe('the figures of an aggregator', () => {
  test('count what came, what waits and what was built', async () => {
    const aggregator = aggregatorOf({ name: 'tomes' })
    await aggregator.handleEvents(['1', '2', '99'].map(retitled))
    expect(await figuresOf(aggregator)).toMatchObject({ events: 3, ids_added: 3, pending: 3, builds: 0 })
    await aggregator.buildObjects()
    const figures = await figuresOf(aggregator)
    expect(figures).toMatchObject({
      builds: 1,
      'objects upsert': 2,
      'objects delete': 1,
      build_failures: 0,
      retries: 0,
      objects_parked: 0,
      pending: 0,
      in_flight: 0,
      retrying: 0,
      parked: 0,
      oldest_pending: 0,
    })
    expect(figures['read']).toBeGreaterThan(0)
    const measurements = await aggregator.measure()
    expect(new Set(measurements.map(({ labels }) => labels['objects']))).toEqual(new Set(['tomes']))
    expect(measurements.every(({ help }) => help.endsWith('.'))).toBe(true)
  })

  test('count failures, retries and what is parked', async () => {
    let passed = 0
    const idsSet = new InMemorySet({ now: () => performance.now() + passed })
    const aggregator = aggregatorOf({
      idsSet,
      parkAfter: 3,
      onChange: ({ upsert }) => {
        if (upsert.some(({ id }) => id === '1')) throw new Error('no')
      },
    })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await aggregator.handleEvents(['1', '2'].map(retitled))
      await aggregator.buildObjects().catch(() => undefined)
      passed += 300_000
    }
    expect(await figuresOf(aggregator)).toMatchObject({ objects_parked: 1, parked: 1, pending: 0 })
    const { build_failures: failures, retries } = await figuresOf(aggregator)
    expect(failures).toBeGreaterThanOrEqual(3)
    expect(retries).toBeGreaterThanOrEqual(2)
    expect(codesOf(await aggregator.health())).toEqual(['lagging OBJECTS_PARKED'])
  })

  test('leave out what the set does not know', async () => {
    const idsSet = new InMemorySet()
    idsSet.backlog = () => Promise.reject(new Error('secret'))
    const aggregator = aggregatorOf({ idsSet })
    const figures = await figuresOf(aggregator)
    expect(figures).toHaveProperty('events')
    for (const name of ['pending', 'in_flight', 'retrying', 'parked', 'oldest_pending']) {
      expect(figures).not.toHaveProperty(name)
    }
    const health = await aggregator.health()
    expect(codesOf(health)).toEqual(['stalled SET_UNREACHABLE'])
    expect(health.reasons[0]?.message).toBe('The set of "book" does not say what is pending: Error.')
  })
})

describe('the health of an aggregator', () => {
  const soon = { laggingAfterMs: 0, stalledAfterMs: 0 }

  test('is ok where all is well', async () => {
    const aggregator = aggregatorOf({ health: soon })
    await aggregator.handleEvent(retitled('1'))
    await aggregator.buildObjects()
    expect(await aggregator.health()).toEqual({ state: 'ok', reasons: [] })
  })

  test('is told while the set does not answer, and asks it once however often it is looked at', async () => {
    const set = new PostgresSet({ client: await database.client() })
    await set.migrate()
    let questions = 0
    const idsSet = Object.assign(set, {
      backlog() {
        questions += 1
        return PostgresSet.prototype.backlog.call(set)
      },
    })
    const aggregator = aggregatorOf({ idsSet, health: soon })
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE pg_capture_pending')
    const looks = [aggregator.health(), aggregator.health(), aggregator.measure()] as const
    const [health, , figures] = await Promise.all(looks)
    expect(codesOf(health)).toEqual(['stalled SET_UNREACHABLE'])
    expect(health.reasons[0]?.message).toMatch(
      /^For \d+ s: the set of "book" has not said what is pending\.$/,
    )
    expect(figures.map(({ name }) => name)).not.toContain('pending')
    await aggregator.health()
    expect(questions).toBe(1)
    await other.query('ROLLBACK')
    await vi.waitFor(async () => expect(await aggregator.health()).toEqual({ state: 'ok', reasons: [] }))
  })

  test('lags where nobody builds', async () => {
    let passed = 0
    const idsSet = new InMemorySet({ now: () => performance.now() + passed })
    const aggregator = aggregatorOf({ idsSet })
    await aggregator.handleEvent(retitled('1'))
    expect((await aggregator.health()).state).toBe('ok')
    passed = 100_000
    const health = await aggregator.health()
    expect(codesOf(health)).toEqual(['lagging PENDING_OLD'])
    expect(health.reasons[0]?.message).toContain(
      'For 100 s: changes of "book" have been waiting for a build.',
    )
    await aggregator.buildObjects()
    expect((await aggregator.health()).state).toBe('ok')
  })

  test('is stalled where every build fails, until one does not', async () => {
    let isDown = true
    const aggregator = aggregatorOf({
      health: soon,
      onChange: () => {
        if (isDown) throw new Error('down')
      },
    })
    await aggregator.handleEvent(retitled('1'))
    await aggregator.buildObjects().catch(() => undefined)
    expect(codesOf(await aggregator.health())).toContain('stalled BUILDS_FAILING')
    isDown = false
    await aggregator.buildObjects()
    expect((await aggregator.health()).state).toBe('ok')
  })

  test('is stalled where onChange does not come back', async () => {
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => (open = resolve))
    const onChange = vi.fn(() => opened)
    const aggregator = aggregatorOf({ health: soon, onChange })
    await aggregator.handleEvent(retitled('1'))
    const building = aggregator.buildObjects()
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled())
    expect(codesOf(await aggregator.health())).toEqual(['stalled BUILD_HANGING'])
    open()
    await building
    expect((await aggregator.health()).state).toBe('ok')
  })

  test('is stalled where events can not be taken', async () => {
    let isDown = true
    const idsSet = new InMemorySet()
    const add = idsSet.add.bind(idsSet)
    idsSet.add = (ids) => (isDown ? Promise.reject(new Error('down')) : add(ids))
    const aggregator = aggregatorOf({ idsSet, health: soon })
    await expect(aggregator.handleEvent(retitled('1'))).rejects.toThrow('down')
    expect(codesOf(await aggregator.health())).toEqual(['stalled EVENTS_FAILING'])
    isDown = false
    await aggregator.handleEvent(retitled('1'))
    expect(codesOf(await aggregator.health())).not.toContain('stalled EVENTS_FAILING')
  })

  test('lags while an object fails', async () => {
    const aggregator = aggregatorOf({
      onChange: ({ upsert }) => {
        if (upsert.some(({ id }) => id === '1')) throw new Error('no')
      },
    })
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await aggregator.handleEvents(['1', '2'].map(retitled))
      await aggregator.buildObjects().catch(() => undefined)
    }
    expect(codesOf(await aggregator.health())).toEqual(['lagging OBJECTS_FAILING'])
  })
})

describe('a capture', () => {
  const captures: Capture[] = []
  afterEach(async () => {
    await Promise.all(captures.splice(0).map((capture) => capture.stop()))
  })

  function running(aggregator: EventAggregator, options: Partial<CaptureOptions> = {}) {
    const source = new ScriptedSource()
    const capture = new Capture({
      source,
      aggregators: [aggregator],
      onError: () => undefined,
      health: { laggingAfterMs: 0 },
      ...options,
    })
    captures.push(capture)
    const run = capture.run()
    run.catch(() => undefined)
    return { source, capture, run }
  }

  test('reports what is not acknowledged, beside what its aggregators report', async () => {
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => (open = resolve))
    const { source, capture } = running(
      aggregatorOf({ scheduleBuildObjects: undefined, onChange: () => opened }),
    )
    source.put('one', [retitled('1')])
    await vi.waitFor(async () => expect((await figuresOf(capture))['in_flight']).toBe(1))
    const figures = await figuresOf(capture)
    expect(figures).toMatchObject({ unacknowledged_chunks: 1, events: 1 })
    expect(figures['acknowledgement_lag']).toBeGreaterThan(0)
    expect(figures).not.toHaveProperty('source_connected')
    expect(codesOf(await capture.health())).toEqual(['lagging ACKNOWLEDGEMENT_OLD'])
    open()
    await vi.waitFor(() => expect(source.acknowledged).toEqual(['one']))
    await vi.waitFor(async () =>
      expect(await figuresOf(capture)).toMatchObject({ unacknowledged_chunks: 0, acknowledgement_lag: 0 }),
    )
    expect((await capture.health()).state).toBe('ok')
  })

  test('that ended with an error is stalled, and says so', async () => {
    const { source, capture, run } = running(aggregatorOf())
    source.put('bad', [{ action: 'INSERT', table: '', data: {} }])
    await expect(run).rejects.toMatchObject({ code: 'EVENT_MALFORMED' })
    const { state, reasons } = await capture.health()
    expect(state).toBe('stalled')
    expect(reasons[0]).toMatchObject({ code: 'CAPTURE_ENDED', state: 'stalled' })
    expect(reasons[0]?.message).toContain('EVENT_MALFORMED')
  })

  test('tells of each change of its health while it runs', async () => {
    let isDown = true
    const told: string[][] = []
    const { source, capture } = running(
      aggregatorOf({
        scheduleBuildObjects: undefined,
        health: { laggingAfterMs: 0, stalledAfterMs: 0 },
        onChange: () => {
          if (isDown) throw new Error('down')
        },
      }),
      { onHealth: (health) => told.push([health.state, ...codesOf(health)]), healthEveryMs: 5 },
    )
    source.put('one', [retitled('1')])
    await vi.waitFor(() => expect(told.at(-1)).toContain('stalled BUILDS_FAILING'))
    isDown = false
    await vi.waitFor(() => expect(told.at(-1)).toEqual(['ok']), { timeout: 5_000 })
    await capture.stop()
    const { length } = told
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(told).toHaveLength(length)
  })
})
