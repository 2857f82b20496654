import type pg from 'pg'
import type { CapturedAggregator, Claim, ClaimingIdsSet, IdsSet, QueryClient, WALEvent } from 'pg-capture'
import type { OracleServer } from './oracle-server.ts'
import type { Sabotage } from './sabotage.ts'
import { withPromises } from './schema-changes.ts'
import type { Script } from './script.ts'

/** One way to break the path, in cases where it matters. */
export interface Breakage {
  readonly adapt?: (script: Script) => Script
  readonly sabotage?: (script: Script, server: OracleServer) => Sabotage
  /** Undoes what `adapt` broke, if it is that which breaks. */
  readonly repair?: (script: Script) => Script
}

/** Ways in which capturing has gone wrong elsewhere, or would if a part of ours were left out. */
export const breakages = {
  'only the new links of an UPDATE are looked up': {
    sabotage: () => ({ events: (events) => events.map(withNewLinksOnly) }),
  },
  'only the old links of an UPDATE are looked up': {
    sabotage: () => ({ events: (events) => events.map(withOldLinksOnly) }),
  },
  'every 20th event is lost': {
    sabotage: () => ({ events: (events) => events.filter(everyButThe20th) }),
  },
  'a TRUNCATE is passed over': {
    sabotage: () => ({ events: (events) => events.filter(({ action }) => action !== 'TRUNCATE') }),
  },
  // The builds as well: look-ups alone may be one commit behind, since the event that changed the path finds the root.
  'all is read one commit behind': {
    adapt: withSetup({ aggregators: 'one', setObjects: 'one' }),
    sabotage: (_script, server) => readingBehind(server, 1),
  },
  'look-ups read two commits behind': {
    adapt: withSetup({ aggregators: 'handler and builder', delivery: 'by hand' }),
    sabotage: (_script, server) => readingBehind(server, 2),
  },
  'an id added while it is built is forgotten': {
    adapt: withSetup({ set: 'memory', aggregators: 'one', setObjects: 'one' }),
    sabotage: () => ({ set: (set) => forgettingSet(set as ClaimingIdsSet) }),
  },
  'two builders build one id at the same time': {
    adapt: (script) =>
      withTwoBuilders({ ...script, steps: script.steps.filter(({ do: kind }) => kind !== 'lapse') }),
    sabotage: () => ({ set: (set) => sharingSet(set) }),
  },
  'a sink does not compare versions': {
    adapt: withTwoBuilders,
    sabotage: () => ({ replicaTakesAll: true }),
  },
  'an acknowledgement counts that comes after its lease': {
    adapt: withTwoBuilders,
    sabotage: () => ({ set: (set) => tokenBlindSet(set as ClaimingIdsSet) }),
  },
  'an id whose object was refused is given up': {
    adapt: withTwoBuilders,
    sabotage: () => ({ set: (set) => givingUpSet(set as ClaimingIdsSet) }),
  },
  'what is parked is forgotten': {
    adapt: withTwoBuilders,
    sabotage: () => ({ set: (set) => forgettingParkedSet(set as ClaimingIdsSet) }),
  },
  'a position is confirmed before its objects are emitted': {
    adapt: withSetup({ set: 'memory', aggregators: 'one', setObjects: 'one', delivery: 'Capture' }),
    sabotage: () => ({ captured: settledAtOnce }),
  },
  'a row that comes back behind a promised foreign key is not looked up': {
    sabotage: () => ({ events: (events) => events.map(inTransactionOfItsOwn) }),
  },
  'the numbers of an object are rounded': {
    adapt: withSetup({ aggregators: 'one', setObjects: 'one' }),
    sabotage: () => ({ client: roundingClient }),
  },
  'arrays come as the rows are stored': {
    adapt: withSetup({ aggregators: 'one', setObjects: 'one' }),
    sabotage: () => ({ client: unorderedClient }),
  },
  'a session prints values in its own way': {
    adapt: withSetup({ aggregators: 'one', setObjects: 'one' }),
    sabotage: () => ({ client: unsetClient }),
  },
  'a foreign key is promised that does not stand': {
    adapt: promising(true),
    repair: promising(false),
  },
} satisfies Record<string, Breakage>

let eventsSeen = 0

/** Counts through all cases: few have 20 events. */
function everyButThe20th(): boolean {
  eventsSeen += 1
  return eventsSeen % 20 !== 0
}

function withTwoBuilders(script: Script): Script {
  const aggregators = 'handler and two builders'
  return withSetup({ set: 'memory', aggregators, setObjects: 'one', delivery: 'by hand' })(script)
}

function withSetup(setup: Partial<Script['setup']>): (script: Script) => Script {
  return (script) => ({ ...script, setup: { ...script.setup, ...setup } })
}

/** The columns left out of the old row count as changed, so that the event itself is still taken. */
function withNewLinksOnly(event: WALEvent): WALEvent {
  if (event.action !== 'UPDATE') return event
  return { ...event, dataOld: linksOf(event.data) }
}

function withOldLinksOnly(event: WALEvent): WALEvent {
  if (event.action !== 'UPDATE' || event.dataOld === undefined) return event
  return { ...event, data: { ...event.data, ...event.dataOld }, dataOld: linksOf(event.dataOld) }
}

function linksOf(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // Values that are only shown have a name of their own; one that is left in spoils nothing.
  return Object.fromEntries(Object.entries(row).filter(([name]) => !/^(name|more|unread)/.test(name)))
}

/** Reads the state before the last commits, as on a standby or before a commit has become visible. */
function readingBehind(server: OracleServer, commits: number): Sabotage {
  const readers: pg.PoolClient[] = []
  return {
    // Without a transaction's number nothing can wait for it, and here nothing waits for whoever writes.
    events: (events) => events.map((event) => ({ ...event, xid: undefined, lsn: undefined })),
    unpositionedEvents: { delayMs: 0 },
    client: () => ({
      query: async (text, values) => {
        const [behind] = readers
        if (behind === undefined) throw new Error('There is no reader yet.')
        return behind.query(text, values)
      },
    }),
    onCommit: async () => {
      while (readers.length <= commits) readers.push(await snapshot(await server.pool.connect()))
      const [oldest] = readers.splice(0, 1)
      if (oldest !== undefined) readers.push(await snapshot(oldest))
    },
    onEnd: async () => {
      for (const reader of readers) {
        await reader.query('ROLLBACK')
        reader.release()
      }
    },
  }
}

function roundingClient(client: QueryClient): QueryClient {
  const rounded = (row: unknown): unknown => {
    const { object, ...others } = row as { object?: unknown }
    return typeof object === 'string' ? { ...others, object: JSON.stringify(JSON.parse(object)) } : row
  }
  return {
    query: async (text, values) => {
      const { rows } = await client.query(text, values)
      return { rows: rows.map(rounded) }
    },
  }
}

/** The statements without the settings that they bring. */
function unsetClient(client: QueryClient): QueryClient {
  const setting = /SET_CONFIG\('(\w+)', '\w+', TRUE\)/g
  return { query: (text, values) => client.query(text.replaceAll(setting, `CURRENT_SETTING('$1')`), values) }
}

/** The statements without the order that arrays have by themselves. */
function unorderedClient(client: QueryClient): QueryClient {
  const order = / ORDER BY ROW\([^]*?\) USING OPERATOR\(pg_catalog\.\*<\)/g
  return { query: (text, values) => client.query(text.replaceAll(order, ''), values) }
}

async function snapshot(client: pg.PoolClient): Promise<pg.PoolClient> {
  await client.query('ROLLBACK')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query('SELECT 1')
  return client
}

function forgettingSet(set: ClaimingIdsSet): ClaimingIdsSet {
  const flying = new Set<string>()
  const land = ({ ids }: Claim): void => ids.forEach((id) => flying.delete(id))
  return {
    ...delegating(set),
    add: (ids) => set.add(ids.filter((id) => !flying.has(id))),
    async claim(max, leaseMs) {
      const claim = await set.claim(max, leaseMs)
      claim.ids.forEach((id) => flying.add(id))
      return claim
    },
    async acknowledge(claim) {
      land(claim)
      await set.acknowledge(claim)
    },
    async release(claim, failure) {
      land(claim)
      await set.release(claim, failure)
    },
  }
}

/** Takes what is acknowledged out of the set, whoever holds it by now, and also where it is pending again. */
function tokenBlindSet(set: ClaimingIdsSet): ClaimingIdsSet {
  const claims = new Map<string, Claim>()
  return {
    ...delegating(set),
    async claim(max, leaseMs) {
      const claim = await set.claim(max, leaseMs)
      claim.ids.forEach((id) => claims.set(id, claim))
      return claim
    },
    async acknowledge(claim) {
      const late = claim.ids.filter((id) => claims.get(id)?.token !== claim.token)
      for (const id of late) {
        await set.delete([id])
        await set.acknowledge({ ids: [id], token: claims.get(id)?.token ?? '' })
      }
      return set.acknowledge(claim)
    },
  }
}

/** Forgets what was not built. */
function givingUpSet(set: ClaimingIdsSet): ClaimingIdsSet {
  return {
    ...delegating(set),
    async release(claim) {
      await set.acknowledge(claim)
    },
  }
}

function forgettingParkedSet(set: ClaimingIdsSet): ClaimingIdsSet {
  return {
    ...delegating(set),
    async release(claim, failure) {
      if (failure?.retryInMs === null) await set.acknowledge(claim)
      else await set.release(claim, failure)
    },
  }
}

function delegating(set: ClaimingIdsSet): ClaimingIdsSet {
  return {
    durable: set.durable === true,
    add: (ids) => set.add(ids),
    delete: (ids) => set.delete(ids),
    getAll: () => set.getAll(),
    claim: (max, leaseMs) => set.claim(max, leaseMs),
    acknowledge: (claim) => set.acknowledge(claim),
    release: (claim, failure) => set.release(claim, failure),
    failed: () => set.failed(),
    backlog: () => set.backlog(),
    renew: (claim, leaseMs) => set.renew(claim, leaseMs),
    inFlight: () => set.inFlight(),
  }
}

function settledAtOnce(aggregator: CapturedAggregator): CapturedAggregator {
  return {
    schema: aggregator.schema,
    durable: aggregator.durable,
    emits: aggregator.emits,
    delegates: aggregator.delegates,
    get retryInMs() {
      return aggregator.retryInMs
    },
    collect: (events) => aggregator.collect(events),
    health: () => aggregator.health(),
    measure: () => aggregator.measure(),
    requestBuild: (failed) => aggregator.requestBuild(failed),
    buildObjects: () => aggregator.buildObjects(),
    settled: () => Promise.resolve(),
  }
}

/** Numbers that transactions of the server's first days had. */
const FIRST_XID = 3
const OLD_XIDS = 700

/** Without the events of one transaction being told to belong together, nothing knows of a DELETE before an INSERT. */
function inTransactionOfItsOwn(event: WALEvent): WALEvent {
  oldXid = (oldXid + 1) % OLD_XIDS
  return { ...event, xid: FIRST_XID + oldXid }
}

let oldXid = 0

/** Each of two claimers gets every id, once. */
function sharingSet(set: IdsSet): ClaimingIdsSet {
  const copies = [new Set<string>(), new Set<string>()]
  let claims = 0
  return {
    async add(ids) {
      await set.add(ids)
      for (const copy of copies) ids.forEach((id) => copy.add(id))
    },
    delete: (ids) => set.delete(ids),
    getAll: () => set.getAll(),
    async claim(max) {
      const own = copies.find((copy) => copy.size > 0)
      const ids = [...(own ?? [])].slice(0, max)
      ids.forEach((id) => own?.delete(id))
      claims += 1
      return { ids, token: String(claims) }
    },
    acknowledge: async () => undefined,
    release: async ({ ids }) => ids.forEach((id) => copies[0]?.add(id)),
    renew: async () => true,
    inFlight: () => [],
    failed: () => [],
    backlog: async () => ({
      pending: new Set(copies.flatMap((copy) => [...copy])).size,
      inFlight: 0,
      retrying: 0,
      parked: 0,
    }),
  }
}

function promising(promise: boolean): (script: Script) => Script {
  return (script) => ({
    ...script,
    schema: { ...script.schema, schema: withPromises(script.schema.schema, promise) },
  })
}
