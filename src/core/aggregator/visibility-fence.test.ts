import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { WALEvent } from '../events/wal-event.ts'
import { type UnpositionedEvents, VisibilityFence } from './visibility-fence.ts'

/** A server whose states are told one after the other; the last one stays. */
class ScriptedServer {
  asked = 0
  readonly #states: readonly unknown[]

  constructor(...states: unknown[]) {
    this.#states = states
  }

  async query(): Promise<{ rows: unknown[] }> {
    const state = this.#states[Math.min(this.asked, this.#states.length - 1)]
    this.asked += 1
    return { rows: [state] }
  }
}

/** `next` is the first id that was never given; the snapshot alone does not tell it. */
function primary(snapshot: string, next: bigint | number = BigInt(snapshot.split(':')[1]!)): unknown {
  const age = BigInt.asIntN(32, BigInt(next) - 3n)
  return { snapshot, age: String(age), standby: 'false', replayed: null }
}

function standby(replayed: string | null): unknown {
  return { snapshot: '9:9:', age: '6', standby: 'true', replayed }
}

function event(xid?: number | string, lsn?: string): WALEvent {
  return { action: 'INSERT', table: 'book', data: { id: 1 }, xid, lsn }
}

function fenceOf(
  client: { query(): Promise<{ rows: unknown[] }> },
  unpositionedEvents: UnpositionedEvents = 'barrier',
  timeoutMs = 10_000,
): VisibilityFence {
  return new VisibilityFence({ client, timeoutMs, unpositionedEvents })
}

/** How often the server was asked until the events passed. */
async function asked(server: ScriptedServer, ...events: WALEvent[]): Promise<number> {
  await fenceOf(server).pass(events)
  return server.asked
}

const EPOCH = 2 ** 32

describe('on a primary, a transaction', () => {
  test.each([
    ['is visible before the oldest that runs', '100:105:103', 99],
    ['is visible where it no longer runs', '100:105:103', 104],
    ['is visible where nothing runs', '100:100:', 99],
    ['is visible as an xid8, a text, and a number', '100:105:', '99'],
    ['of this epoch is visible by its 32 bits', `${EPOCH * 3 + 100}:${EPOCH * 3 + 105}:`, 99],
    ['of the epoch before is visible by its 32 bits', `${EPOCH * 3 + 2}:${EPOCH * 3 + 2}:`, EPOCH - 5],
    ['is visible by its 64 bits', `${EPOCH * 3 + 100}:${EPOCH * 3 + 105}:`, String(EPOCH * 3 + 99)],
  ])('%s', async (_, snapshot, xid) => {
    expect(await asked(new ScriptedServer(primary(snapshot)), event(xid))).toBe(1)
  })

  test.each([
    ['still runs', '100:105:103', 103, '105:105:'],
    ['is younger than the snapshot', '100:105:', 105, '100:106:'],
    ['is younger, over the turn of an epoch', `${EPOCH - 2}:${EPOCH - 1}:`, 3, `${EPOCH + 3}:${EPOCH + 4}:`],
    ['is far ahead of a young cluster', '100:105:', EPOCH - 5, `${EPOCH - 4}:${EPOCH - 4}:`],
    [
      'still runs, known by its 32 bits',
      `${EPOCH * 3 + 100}:${EPOCH * 3 + 105}:${EPOCH * 3 + 103}`,
      103,
      `${EPOCH * 3 + 104}:${EPOCH * 3 + 105}:`,
    ],
    ['is of a later epoch, by its 64 bits', '100:105:', String(EPOCH + 99), `${EPOCH + 100}:${EPOCH + 100}:`],
  ])('is waited for where it %s', async (_, snapshot, xid, later) => {
    const server = new ScriptedServer(primary(snapshot), primary(snapshot), primary(later))
    expect(await asked(server, event(xid))).toBe(3)
  })
})

describe('an event on a primary that does not tell its transaction', () => {
  const untold: readonly [string, WALEvent][] = [
    ['neither xid nor position', event()],
    ['a position alone, which proves nothing there', event(undefined, '0/1')],
    ['nulls, as JSON has them', { ...event(), xid: null, lsn: null } as unknown as WALEvent],
  ]

  test.each(untold)('passes at once where nobody writes: %s', async (_, unpositioned) => {
    expect(await asked(new ScriptedServer(primary('100:100:')), unpositioned)).toBe(1)
  })

  test.each(untold)(
    'waits for everyone that was writing, and for nobody else: %s',
    async (_, unpositioned) => {
      const server = new ScriptedServer(
        primary('100:105:103', 106),
        primary('103:110:103,107', 111),
        // 105 had an id, and was in no list, since no younger one had ended.
        primary('105:110:105,107', 111),
        primary('107:110:107', 112),
      )
      expect(await asked(server, unpositioned)).toBe(4)
    },
  )

  test('waits for a writer that no snapshot lists', async () => {
    const server = new ScriptedServer(primary('100:100:', 101), primary('100:100:', 101), primary('101:101:'))
    expect(await asked(server, event())).toBe(3)
  })

  test.each([
    ['over the turn of an epoch', BigInt(EPOCH) - 1n, BigInt(EPOCH) + 4n],
    ['in a later epoch', BigInt(EPOCH) * 3n + 7n, BigInt(EPOCH) * 3n + 9n],
    ['where the distance to the first id is negative', 3_000_000_000n, 3_000_000_002n],
  ])('knows the next id %s', async (_, xmax, next) => {
    const server = new ScriptedServer(
      primary(`${xmax}:${xmax}:`, next),
      primary(`${next - 1n}:${next}:${next - 1n}`, next + 1n),
      primary(`${next}:${next}:`, next + 1n),
    )
    expect(await asked(server, event())).toBe(3)
  })

  test('waits beside events that do tell it, in the same looks', async () => {
    const server = new ScriptedServer(
      primary('100:105:101', 106),
      primary('101:107:101', 108),
      primary('107:107:', 108),
    )
    expect(await asked(server, event(), event(104), event(103))).toBe(3)
    const other = new ScriptedServer(primary('100:100:'), primary('100:110:108'), primary('110:110:'))
    expect(await asked(other, event(), event(108))).toBe(3)
  })

  test('does not know what was learnt before: a look of its own is needed each time', async () => {
    const server = new ScriptedServer(primary('100:100:'))
    await fenceOf(server).pass([event()])
    await fenceOf(server).pass([event()])
    expect(server.asked).toBe(2)
  })
})

describe('on a standby, a transaction', () => {
  test('is visible where its commit record has been replayed', async () => {
    expect(await asked(new ScriptedServer(standby('1/10')), event(5, '0/FFFFFFF0'))).toBe(1)
    expect(await asked(new ScriptedServer(standby('0/11')), event(5, '0/10'))).toBe(1)
  })

  test('is waited for until the replay is past the start of its commit record', async () => {
    const server = new ScriptedServer(standby(null), standby('0/F'), standby('0/10'), standby('0/11'))
    expect(await asked(server, event(5, '0/10'))).toBe(4)
  })

  test.each([
    ['its xid alone, which means nothing there', event(5)],
    ['nothing', event()],
  ])('that tells %s is refused, and what to do is said', async (_, unpositioned) => {
    const server = new ScriptedServer(standby('0/11'))
    await expect(fenceOf(server).pass([event(5, '0/10'), unpositioned])).rejects.toMatchObject({
      code: 'VISIBILITY_UNKNOWABLE',
      message: expect.stringMatching(
        /the primary, pass the lsn on, or set unpositionedEvents: \{ delayMs \}/,
      ),
    })
    expect(server.asked).toBe(1)
  })

  test('is judged as on a primary after the standby was promoted', async () => {
    const server = new ScriptedServer(standby('0/F'), primary('100:105:103'), primary('105:105:'))
    expect(await asked(server, event(103, '0/10'))).toBe(3)
  })

  test('is judged by its position after a primary became one, whatever was known before', async () => {
    const server = new ScriptedServer(primary('100:105:'), standby('0/10'), standby('0/11'))
    const fence = fenceOf(server)
    await fence.pass([event(99, '0/9')])
    await fence.pass([event(100, '0/9')])
    await fence.pass([event(98, '0/10')])
    expect(server.asked).toBe(3)
  })
})

describe('a batch', () => {
  test('of no events asks nothing', async () => {
    expect(await asked(new ScriptedServer())).toBe(0)
  })

  test('asks once for all its transactions, and again only for those that wait', async () => {
    const server = new ScriptedServer(primary('100:110:103,107'), primary('107:110:107'), primary('110:110:'))
    expect(await asked(server, event(99), event(99), event(103), event(107))).toBe(3)
  })

  test('asks nothing about transactions that are known to be complete, whoever asked first', async () => {
    const server = new ScriptedServer(primary('100:105:103'))
    await fenceOf(server).pass([event(99)])
    await fenceOf(server).pass([event(98), event('97')])
    expect(server.asked).toBe(1)
    await fenceOf(server).pass([event(104)])
    expect(server.asked).toBe(2)
  })

  test('learns nothing lasting from a standby', async () => {
    const server = new ScriptedServer(standby('0/11'))
    await fenceOf(server).pass([event(5, '0/10')])
    await fenceOf(server).pass([event(EPOCH - 5, '0/10')])
    expect(server.asked).toBe(2)
  })
})

describe('batches at the same time', () => {
  /** A server that answers when it is told to. */
  class PatientServer {
    readonly answers: ((state: unknown) => void)[] = []

    async query(): Promise<{ rows: unknown[] }> {
      return { rows: [await new Promise((resolve) => this.answers.push(resolve))] }
    }

    /** Answers what has been asked, and lets time pass until everybody waits again. */
    async answer(state: unknown): Promise<void> {
      this.answers.at(-1)?.(state)
      await vi.advanceTimersByTimeAsync(0)
    }
  }

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('share a look that is taken after all of them came, over all aggregators of a client', async () => {
    const server = new PatientServer()
    const passing = [fenceOf(server), fenceOf(server)].flatMap((fence) => [
      fence.pass([event()]),
      fence.pass([event(99)]),
    ])
    await vi.advanceTimersByTimeAsync(0)
    expect(server.answers).toHaveLength(1)
    await server.answer(primary('100:100:'))
    await Promise.all(passing)
    expect(server.answers).toHaveLength(1)
  })

  test('share none that was under way when one of them came', async () => {
    const server = new PatientServer()
    const fence = fenceOf(server)
    const first = fence.pass([event()])
    await vi.advanceTimersByTimeAsync(0)
    let passed = false
    const later = [fence.pass([event()]), fence.pass([event()])]
    void later[0]?.then(() => (passed = true))
    await server.answer(primary('100:100:'))
    await first
    expect(passed).toBe(false)
    // The second look has a writer that the first could not know of.
    await server.answer(primary('100:100:', 101))
    expect(passed).toBe(false)
    expect(server.answers).toHaveLength(2)
    while (!passed) {
      await vi.advanceTimersByTimeAsync(1)
      await server.answer(primary('101:101:'))
    }
    await server.answer(primary('101:101:'))
    await Promise.all(later)
  })

  test("share the client's failure, and look anew afterwards", async () => {
    let failing = true
    const client = {
      query: async () => {
        if (failing) throw new Error('the connection is gone')
        return { rows: [primary('100:100:')] }
      },
    }
    const fence = fenceOf(client)
    const outcomes = await Promise.allSettled([fence.pass([event()]), fence.pass([event(5)])])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    failing = false
    await fence.pass([event()])
  })
})

describe('what is known of complete transactions', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  test('is asked anew after a while: a server that took over may give the same ids again', async () => {
    const server = new ScriptedServer(
      primary('100:105:'),
      primary('90:92:91'),
      primary('90:92:91'),
      primary('92:92:'),
    )
    const fence = fenceOf(server)
    await fence.pass([event(99)])
    vi.advanceTimersByTime(4_000)
    await fence.pass([event(91)])
    expect(server.asked).toBe(1)
    vi.advanceTimersByTime(4_000)
    await fence.pass([event(91)])
    expect(server.asked).toBe(4)
    await fence.pass([event(91)])
    expect(server.asked).toBe(4)
    await fence.pass([event(92 - 1), event(90)])
    expect(server.asked).toBe(4)
  })
})

describe('with a delay', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** Whether the events have passed after each of these milliseconds. */
  async function passedAfter(
    server: ScriptedServer,
    events: WALEvent[],
    delayMs: number,
    milliseconds: readonly number[],
  ): Promise<boolean[]> {
    let passed = false
    const passing = fenceOf(server, { delayMs })
      .pass(events)
      .then(() => (passed = true))
    const seen: boolean[] = []
    for (const ms of milliseconds) {
      await vi.advanceTimersByTimeAsync(ms)
      seen.push(passed)
    }
    await vi.runAllTimersAsync()
    await passing
    return seen
  }

  test('an event that tells nothing is held back for so long, and nobody is asked', async () => {
    const server = new ScriptedServer()
    expect(await passedAfter(server, [event()], 500, [0, 499, 1])).toEqual([false, false, true])
    expect(server.asked).toBe(0)
  })

  test('of 0 an event that tells nothing passes at once', async () => {
    const server = new ScriptedServer()
    expect(await passedAfter(server, [event()], 0, [0])).toEqual([true])
    expect(server.asked).toBe(0)
  })

  test.each([
    ['a position alone, on a primary', primary('100:105:101'), event(undefined, '0/1')],
    ['an xid alone, on a standby', standby('0/1'), event(5)],
  ])('an event is held back that tells what proves nothing: %s', async (_, state, unpositioned) => {
    const server = new ScriptedServer(state)
    expect(await passedAfter(server, [unpositioned], 500, [499, 1])).toEqual([false, true])
    expect(server.asked).toBe(1)
  })

  test('an event that tells its transaction is proved all the same, and is not held back', async () => {
    const visible = new ScriptedServer(primary('100:105:'))
    expect(await passedAfter(visible, [event(99)], 500, [0])).toEqual([true])
    const behind = new ScriptedServer(standby('0/10'))
    await expect(fenceOf(behind, { delayMs: 0 }, 0).pass([event(5, '0/10')])).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
    })
  })

  test('a batch of both waits for the longer of the two, from its arrival on', async () => {
    const quick = [primary('100:105:103'), primary('105:105:')]
    expect(await passedAfter(new ScriptedServer(...quick), [event(), event(103)], 500, [499, 1])).toEqual([
      false,
      true,
    ])
    const slow = Array.from({ length: 30 }, () => primary('100:105:103'))
    const server = new ScriptedServer(...slow, primary('105:105:'))
    expect(await passedAfter(server, [event(), event(103)], 500, [600])).toEqual([false])
    expect(server.asked).toBe(31)
  })

  test.each([
    'delay',
    null,
    {},
    { delayMs: -1 },
    { delayMs: 1.5 },
    { delayMs: '5' },
    { delayMs: NaN },
    // A timer that is set for longer fires at once.
    { delayMs: 2 ** 31 },
  ])('that is none is refused: %j', (option) => {
    expect(() => fenceOf(new ScriptedServer(), option as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('the wait', () => {
  test('ends after its time with an error that tells the two likely causes', async () => {
    const server = new ScriptedServer(primary('100:105:103,104'))
    const fence = fenceOf(server, 'barrier', 20)
    await expect(fence.pass([event(103), event(104), event(99)])).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
      message:
        '2 committed transaction(s) did not become visible within 20 ms. Either a synchronous standby does not answer, or ' +
        'the client reads from another server than the events come from. The events were not taken: deliver them again.',
    })
  })

  test('for the end of writers tells how many are left, how to find them, and what to set', async () => {
    // 103 and 109 are listed, of which 109 came later; 111 to 112 are in no list.
    const last = primary('103:111:103,109', 113)
    const fence = fenceOf(new ScriptedServer(primary('100:105:103', 105), last), 'barrier', 1)
    await expect(fence.pass([event()])).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
      message:
        'Events do not tell their transaction, and up to 1 transaction(s) that were writing when they came have not ended ' +
        'within 1 ms: each may be theirs. Look for long ones (SELECT pid, xact_start, query FROM pg_stat_activity WHERE ' +
        'backend_xid IS NOT NULL;), for prepared ones (SELECT * FROM pg_prepared_xacts;) and for a synchronous standby that ' +
        'does not answer. Where writers take that long, pass the xid on, raise visibilityTimeoutMs, or set ' +
        'unpositionedEvents: { delayMs }. The events were not taken: deliver them again.',
    })
    await expect(fenceOf(new ScriptedServer(last), 'barrier', 1).pass([event()])).rejects.toThrow(
      'up to 4 transaction',
    )
  })

  test('tells both where events of both kinds wait', async () => {
    const fence = fenceOf(new ScriptedServer(primary('100:105:103')), 'barrier', 1)
    await expect(fence.pass([event(), event(103)])).rejects.toThrow(
      /^1 committed transaction\(s\) .* up to 1 transaction\(s\) that were writing/,
    )
  })

  test("rejects with the client's own error", async () => {
    const failure = new Error('the connection is gone')
    const client = { query: () => Promise.reject(failure) }
    await expect(fenceOf(client).pass([event(1000)])).rejects.toBe(failure)
  })
})

describe('the counts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('tell how often and how long was waited, and what was given up', async () => {
    const states = [primary('100:105:'), primary('100:105:103'), primary('105:105:', 107)]
    const fence = fenceOf(new ScriptedServer(...states), 'barrier', 100)
    expect(fence.counts).toEqual({ waits: 0, waitedMs: 0, timeouts: 0 })
    await fence.pass([event(99)])
    expect(fence.counts).toEqual({ waits: 0, waitedMs: 0, timeouts: 0 })
    const passing = fence.pass([event(103)])
    await vi.runAllTimersAsync()
    await passing
    expect(fence.counts).toEqual({ waits: 1, waitedMs: 1, timeouts: 0 })
    const failing = fence.pass([event()]).catch((error: unknown) => error)
    await vi.runAllTimersAsync()
    expect(await failing).toMatchObject({ code: 'VISIBILITY_TIMEOUT' })
    expect(fence.counts).toEqual({ waits: 2, waitedMs: 1 + 113, timeouts: 1 })
  })

  test('are those of one fence, and a delay is a wait', async () => {
    const server = new ScriptedServer()
    const [one, other] = [fenceOf(server, { delayMs: 50 }), fenceOf(server, { delayMs: 50 })]
    const passing = one.pass([event()])
    await vi.runAllTimersAsync()
    await passing
    expect(one.counts).toEqual({ waits: 1, waitedMs: 50, timeouts: 0 })
    expect(other.counts.waits).toBe(0)
  })
})

describe('what is no transaction is refused', () => {
  test.each([-1, 1.5, NaN, 'abc', '', '0x5', '1e5', 0, '0', 2, 2 ** 53, String(2n ** 32n)])(
    'xid %j',
    async (xid) => {
      const server = new ScriptedServer(primary('100:105:'))
      await expect(fenceOf(server).pass([event(xid)])).rejects.toMatchObject({
        code: 'EVENT_MALFORMED',
        message: expect.stringContaining('"xid"'),
      })
      expect(server.asked).toBe(0)
    },
  )

  test.each(['', '16', '16/', '/5', 'G/1', '123456789/1', '1/123456789', '1/2/3', '0/0'])(
    'lsn %j',
    async (lsn) => {
      const server = new ScriptedServer(primary('100:105:'))
      await expect(fenceOf(server).pass([event(undefined, lsn)])).rejects.toMatchObject({
        code: 'EVENT_MALFORMED',
        message: expect.stringContaining('"lsn"'),
      })
    },
  )

  test.each([
    [undefined],
    [{}],
    [{ snapshot: 5, age: '6', standby: 'false' }],
    [{ snapshot: '9:9:', standby: 'false' }],
    [{ snapshot: '9:9:', age: '6' }],
    // Read as "no", this would make a primary of a standby.
    [{ snapshot: '9:9:', age: '6', standby: true, replayed: '0/1' }],
    [['1:1:']],
  ])('a state that a client answers: %j', async (row) => {
    const client = { query: async () => ({ rows: [row] }) }
    await expect(fenceOf(client).pass([event(1000)])).rejects.toMatchObject({
      code: 'CLIENT_RESULT_INVALID',
    })
  })
})
