import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../events/wal-event.ts'
import { VisibilityFence } from './visibility-fence.ts'

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

const primary = (snapshot: string): unknown => ({ snapshot, standby: false, replayed: null })
const standby = (replayed: string): unknown => ({ snapshot: '9:9:', standby: true, replayed })

function event(xid?: number | string, lsn?: string): WALEvent {
  return { action: 'INSERT', table: 'book', data: { id: 1 }, xid, lsn }
}

/** How often the server was asked until the events passed. */
async function asked(server: ScriptedServer, ...events: WALEvent[]): Promise<number> {
  await VisibilityFence.of(server).pass(events, 1_000)
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

  test('passes where only its position is known: the position tells nothing there', async () => {
    expect(await asked(new ScriptedServer(primary('100:105:')), event(undefined, '0/FFFFFF'))).toBe(1)
  })
})

describe('on a standby, a transaction', () => {
  test('is visible where its commit record has been replayed', async () => {
    expect(await asked(new ScriptedServer(standby('1/10')), event(5, '0/FFFFFFF0'))).toBe(1)
    expect(await asked(new ScriptedServer(standby('0/11')), event(5, '0/10'))).toBe(1)
  })

  test('is waited for until the replay is past the start of its commit record', async () => {
    const server = new ScriptedServer(standby('0/F'), standby('0/10'), standby('0/11'))
    expect(await asked(server, event(5, '0/10'))).toBe(3)
  })

  test('passes where only its xid is known, which means nothing there', async () => {
    expect(await asked(new ScriptedServer(standby('0/F')), event(5_000))).toBe(1)
  })

  test('is judged as on a primary after the standby was promoted', async () => {
    const server = new ScriptedServer(standby('0/F'), primary('100:105:103'), primary('105:105:'))
    expect(await asked(server, event(103, '0/10'))).toBe(3)
  })
})

describe('a batch', () => {
  test('without xid and position asks nothing', async () => {
    expect(await asked(new ScriptedServer(), event())).toBe(0)
  })

  test('asks once for all its transactions, and again only for those that wait', async () => {
    const server = new ScriptedServer(primary('100:110:103,107'), primary('107:110:107'), primary('110:110:'))
    expect(await asked(server, event(99), event(99), event(103), event(107))).toBe(3)
  })

  test('asks nothing about transactions that are known to be complete, whoever asked first', async () => {
    const server = new ScriptedServer(primary('100:105:103'))
    await VisibilityFence.of(server).pass([event(99)], 1_000)
    await VisibilityFence.of(server).pass([event(98), event('97')], 1_000)
    expect(server.asked).toBe(1)
    await VisibilityFence.of(server).pass([event(104)], 1_000)
    expect(server.asked).toBe(2)
  })

  test('learns nothing lasting from a standby', async () => {
    const server = new ScriptedServer(standby('0/11'), standby('0/11'))
    await VisibilityFence.of(server).pass([event(5, '0/10')], 1_000)
    await VisibilityFence.of(server).pass([event(5, '0/10')], 1_000)
    expect(server.asked).toBe(2)
  })
})

describe('the wait', () => {
  test('ends after its time with an error that tells the two likely causes', async () => {
    const server = new ScriptedServer(primary('100:105:103,104'))
    await expect(
      VisibilityFence.of(server).pass([event(103), event(104), event(99)], 20),
    ).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
      message:
        '2 committed transaction(s) did not become visible within 20 ms. Either a synchronous standby does not answer, or ' +
        'the client reads from another server than the events come from. The events were not taken: deliver them again.',
    })
  })

  test("rejects with the client's own error", async () => {
    const failure = new Error('the connection is gone')
    const client = { query: () => Promise.reject(failure) }
    await expect(VisibilityFence.of(client).pass([event(1)], 1_000)).rejects.toBe(failure)
  })
})

describe('what is no transaction is refused', () => {
  test.each([-1, 1.5, NaN, 'abc', '', '0x5', '1e5'])('xid %j', async (xid) => {
    const server = new ScriptedServer(primary('100:105:'))
    await expect(VisibilityFence.of(server).pass([event(xid)], 1_000)).rejects.toMatchObject({
      code: 'EVENT_MALFORMED',
      message: expect.stringContaining('"xid"'),
    })
    expect(server.asked).toBe(0)
  })

  test.each(['', '16', '16/', '/5', 'G/1', '123456789/1', '1/123456789', '1/2/3'])('lsn %j', async (lsn) => {
    const server = new ScriptedServer(primary('100:105:'))
    await expect(VisibilityFence.of(server).pass([event(undefined, lsn)], 1_000)).rejects.toMatchObject({
      code: 'EVENT_MALFORMED',
      message: expect.stringContaining('"lsn"'),
    })
  })

  test.each([[undefined], [{}], [{ snapshot: 5 }], [['1:1:']]])(
    'a state that a client answers: %j',
    async (row) => {
      const client = { query: async () => ({ rows: [row] }) }
      await expect(VisibilityFence.of(client).pass([event(1)], 1_000)).rejects.toMatchObject({
        code: 'CLIENT_RESULT_INVALID',
      })
    },
  )
})
