import { type FigureName, figures } from '../core/monitoring/figures.ts'
import type { Measured } from '../core/monitoring/measurement.ts'
import { sharedMeasurements } from './shared-measurements.ts'

interface InstrumentOptions {
  description?: string
  unit?: string
}

interface ObservableResult {
  observe(value: number, attributes?: Record<string, string>): void
}

interface ObservableInstrument {
  addCallback(callback: (result: ObservableResult) => Promise<void>): void
  removeCallback(callback: (result: ObservableResult) => Promise<void>): void
}

/** What is used of a `Meter` of `@opentelemetry/api`. */
export interface ObservingMeter {
  createObservableCounter(name: string, options?: InstrumentOptions): ObservableInstrument
  createObservableGauge(name: string, options?: InstrumentOptions): ObservableInstrument
}

export interface OpenTelemetryMetricsOptions {
  /** Whose figures: captures, or aggregators that no capture here runs. */
  readonly of: readonly Measured[]
  /** What their names begin with. Default: `pg_capture.`. */
  readonly prefix?: string | undefined
}

/** Units as UCUM has them, which OpenTelemetry asks for. */
const units = { seconds: 's', bytes: 'By' } as const

/**
 * Makes an instrument for each figure of captures and aggregators. They are asked for at each collection, once for all. Gives
 * the function that takes them off again.
 *
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api'
 *
 * openTelemetryMetrics(metrics.getMeter('bookshop'), { of: [capture] })
 * // pg_capture.objects { objects: 'book', change: 'upsert' } 1204
 * // pg_capture.oldest_pending { objects: 'book' } 0.012 s
 * ```
 */
export function openTelemetryMetrics(
  meter: ObservingMeter,
  { of, prefix = 'pg_capture.' }: OpenTelemetryMetricsOptions,
): () => void {
  const measured = sharedMeasurements(of)
  const removals = (Object.keys(figures) as FigureName[]).map((name) => {
    const { kind, help, unit } = figures[name]
    const options = { description: help, ...(unit === undefined ? {} : { unit: units[unit] }) }
    const instrument =
      kind === 'counter'
        ? meter.createObservableCounter(prefix + name, options)
        : meter.createObservableGauge(prefix + name, options)
    const observe = async (result: ObservableResult): Promise<void> => {
      for (const { labels, value } of await measured(name)) result.observe(value, { ...labels })
    }
    instrument.addCallback(observe)
    return () => instrument.removeCallback(observe)
  })
  return () => {
    for (const remove of removals) remove()
  }
}
