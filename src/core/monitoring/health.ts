/** `ok`: objects follow their rows. `lagging`: some do not, or late. `stalled`: nothing comes through. */
export type HealthState = 'ok' | 'lagging' | 'stalled'

/** What can keep objects from following their rows. `docs/monitoring.md` has a section for each. */
export type HealthCode =
  | 'PENDING_OLD'
  | 'BUILDS_FAILING'
  | 'BUILD_HANGING'
  | 'OBJECTS_FAILING'
  | 'OBJECTS_PARKED'
  | 'SET_UNREACHABLE'
  | 'VISIBILITY_WAITING'
  | 'EVENTS_FAILING'
  | 'SOURCE_DISCONNECTED'
  | 'ACKNOWLEDGEMENT_OLD'
  | 'CAPTURE_ENDED'

export interface HealthReason {
  readonly code: HealthCode
  readonly state: Exclude<HealthState, 'ok'>
  /** Names the thing, and what to look at. Holds no row value. */
  readonly message: string
}

export interface Health {
  /** The worst state of all reasons. */
  readonly state: HealthState
  readonly reasons: readonly HealthReason[]
}

/** How long something may last before it counts, in milliseconds. */
export interface HealthLimits {
  /** From when on it is `lagging`. Default: 10,000. */
  readonly laggingAfterMs?: number | undefined
  /** From when on it is `stalled`. Default: 60,000. */
  readonly stalledAfterMs?: number | undefined
}

/** A state that lasts, and what to say of it. */
export interface Lasting {
  readonly code: HealthCode
  /** For how long it has lasted; `undefined` where it does not, or where that is not known. */
  readonly forMs: number | undefined
  readonly message: string
  /** The worst that it can mean, however long it lasts. Default: `stalled`. */
  readonly atWorst?: 'lagging' | undefined
}

const DEFAULT_LAGGING_AFTER_MS = 10_000
const DEFAULT_STALLED_AFTER_MS = 60_000

/** Judges what lasts by how long it does. */
export function reasonsOf(lasting: readonly Lasting[], limits: HealthLimits): HealthReason[] {
  const laggingAfterMs = limits.laggingAfterMs ?? DEFAULT_LAGGING_AFTER_MS
  const stalledAfterMs = limits.stalledAfterMs ?? DEFAULT_STALLED_AFTER_MS
  return lasting.flatMap(({ code, forMs, message, atWorst }) => {
    if (forMs === undefined || forMs < Math.min(laggingAfterMs, stalledAfterMs)) return []
    const state = forMs >= stalledAfterMs && atWorst !== 'lagging' ? 'stalled' : 'lagging'
    return [{ code, state, message: `For ${duration(forMs)}: ${message}` } as const]
  })
}

/** The health that the reasons add up to. */
export function healthOf(reasons: readonly HealthReason[]): Health {
  if (reasons.length === 0) return { state: 'ok', reasons }
  return { state: reasons.some(({ state }) => state === 'stalled') ? 'stalled' : 'lagging', reasons }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
