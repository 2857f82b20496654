import { describeFailure } from '../errors/report-failure.ts'
import { type HealthLimits, type HealthReason, reasonsOf } from '../monitoring/health.ts'
import { type Measurement, measurementsOf } from '../monitoring/measurement.ts'
import type { Underway } from '../monitoring/underway.ts'
import type { Backlog } from '../pending/ids-set.ts'
import type { BuildTotals } from './build-totals.ts'
import type { FenceCounts } from './visibility-fence.ts'
import type { KnownBacklog } from './set-inquiry.ts'

/** What an aggregator knows of itself without asking anybody. */
export interface AggregatorActivity {
  readonly name: string
  readonly collector: {
    readonly totals: { readonly events: number; readonly ids: number }
    readonly failingSince: number | null
    readonly invisible: Underway
    readonly fence: FenceCounts
  }
  readonly builds: Readonly<BuildTotals>
}

/** The reasons why objects of an aggregator may not follow their rows. */
export function aggregatorReasons(
  { name, collector, builds }: AggregatorActivity,
  backlog: KnownBacklog,
  limits: HealthLimits,
): HealthReason[] {
  const now = performance.now()
  const since = (time: number | null): number | undefined => (time === null ? undefined : now - time)
  const about = `"${name}"`
  const lasting = reasonsOf(
    [
      {
        code: 'EVENTS_FAILING',
        forMs: since(collector.failingSince),
        message: `no events of ${about} could be taken. onError has the reason.`,
      },
      {
        code: 'VISIBILITY_WAITING',
        forMs: collector.invisible.oldestMs,
        message: `events of ${about} wait for their transaction to become visible to the client.`,
      },
      {
        code: 'BUILDS_FAILING',
        forMs: since(builds.failingSince),
        message: `every build of ${about} has failed. onError has the reason.`,
      },
      {
        code: 'BUILD_HANGING',
        forMs: builds.underway.oldestMs,
        message: `one batch of ${about} is being built: a query, or onChange, does not come back.`,
      },
      {
        code: 'PENDING_OLD',
        forMs: 'pending' in backlog ? backlog.oldestPendingMs : undefined,
        message: `changes of ${about} have been waiting for a build. Does a builder run, and is it fast enough?`,
        atWorst: 'lagging',
      },
      {
        code: 'SET_UNREACHABLE',
        forMs: 'unansweredForMs' in backlog ? backlog.unansweredForMs : undefined,
        message: `the set of ${about} has not said what is pending.`,
      },
    ],
    limits,
  )
  return [...lasting, ...setReasons(about, backlog)]
}

function setReasons(about: string, backlog: KnownBacklog): HealthReason[] {
  if ('error' in backlog) {
    const message = `The set of ${about} does not say what is pending: ${describeFailure(backlog.error)}.`
    return [{ code: 'SET_UNREACHABLE', state: 'stalled', message }]
  }
  if ('unansweredForMs' in backlog) return []
  const reasons: HealthReason[] = []
  if (backlog.retrying > 0) {
    const message = `${backlog.retrying} object(s) of ${about} have failed and will be tried again. onError has the reasons.`
    reasons.push({ code: 'OBJECTS_FAILING', state: 'lagging', message })
  }
  if (backlog.parked > 0) {
    const message = `${backlog.parked} object(s) of ${about} are parked. aggregator.parked.list() says which and why.`
    reasons.push({ code: 'OBJECTS_PARKED', state: 'lagging', message })
  }
  return reasons
}

/** The figures of an aggregator, all labelled with its name. */
export function aggregatorMeasurements(
  { name, collector, builds }: AggregatorActivity,
  backlog: KnownBacklog,
): Measurement[] {
  const known: Partial<Backlog> = 'pending' in backlog ? backlog : {}
  // Where nothing is pending, nothing waits.
  const oldestPendingMs = known.pending === 0 ? 0 : known.oldestPendingMs
  return [
    ...measurementsOf(
      {
        events: collector.totals.events,
        ids_added: collector.totals.ids,
        builds: builds.builds,
        build_failures: builds.failures,
        retries: builds.retries,
        objects_parked: builds.parked,
        read: builds.readMs / 1_000,
        on_change: builds.onChangeMs / 1_000,
        fence_waits: collector.fence.waits,
        fence_wait: collector.fence.waitedMs / 1_000,
        fence_timeouts: collector.fence.timeouts,
        pending: known.pending,
        in_flight: known.inFlight,
        retrying: known.retrying,
        parked: known.parked,
        oldest_pending: oldestPendingMs === undefined ? undefined : oldestPendingMs / 1_000,
      },
      { objects: name },
    ),
    ...measurementsOf({ objects: builds.upserts }, { objects: name, change: 'upsert' }),
    ...measurementsOf({ objects: builds.deletes }, { objects: name, change: 'delete' }),
  ]
}
