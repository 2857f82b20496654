import { describeFailure } from '../errors/report-failure.ts'
import { type HealthLimits, type HealthReason, reasonsOf } from '../monitoring/health.ts'
import { type Measurement, measurementsOf } from '../monitoring/measurement.ts'
import type { SourceStatus } from './source.ts'
import type { Underway } from '../monitoring/underway.ts'

/** What a capture knows of itself. */
export interface CaptureActivity {
  readonly chunks: Underway
  /** Absent where the source does not say. */
  readonly source: SourceStatus | undefined
  /** The error that ended it; `null` where it runs, has not begun or was stopped. */
  readonly end: { readonly error: unknown } | null
}

/** The reasons of a capture itself; those of its aggregators come beside them. */
export function captureReasons(
  { chunks, source, end }: CaptureActivity,
  limits: HealthLimits,
): HealthReason[] {
  if (end !== null) {
    const message = `The capture has ended: ${describeFailure(end.error)}. Nothing is captured until it runs again.`
    return [{ code: 'CAPTURE_ENDED', state: 'stalled', message }]
  }
  return reasonsOf(
    [
      {
        code: 'SOURCE_DISCONNECTED',
        forMs: source?.disconnectedForMs,
        message: 'the source has no connection. What changes meanwhile comes when it has one again.',
      },
      {
        code: 'ACKNOWLEDGEMENT_OLD',
        forMs: chunks.oldestMs,
        message:
          'a chunk has not been acknowledged, so the server keeps its log. The other reasons, or onError, say why.',
        atWorst: 'lagging',
      },
    ],
    limits,
  )
}

/** The figures of a capture itself. */
export function captureMeasurements({ chunks, source }: CaptureActivity): Measurement[] {
  return measurementsOf({
    unacknowledged_chunks: chunks.size,
    acknowledgement_lag: (chunks.oldestMs ?? 0) / 1_000,
    source_connected: source && Number(source.connected),
    source_lag: source?.unconfirmedBytes,
  })
}
