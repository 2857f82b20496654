import { type FigureName, figures } from '../core/monitoring/figures.ts'
import type { Measured } from '../core/monitoring/measurement.ts'
import { sharedMeasurements } from './shared-measurements.ts'

interface MetricConfiguration<Registry> {
  name: string
  help: string
  labelNames: string[]
  registers?: Registry[]
  collect: () => Promise<void>
}

interface Metric {
  reset(): void
}

/** What is used of the module `prom-client`. */
export interface PromClient<Registry> {
  Counter: new (configuration: MetricConfiguration<Registry>) => Metric & {
    inc(labels: Record<string, string>, value: number): void
  }
  Gauge: new (configuration: MetricConfiguration<Registry>) => Metric & {
    set(labels: Record<string, string>, value: number): void
  }
}

export interface PrometheusMetricsOptions<Registry> {
  /** Whose figures: captures, or aggregators that no capture here runs. */
  readonly of: readonly Measured[]
  /** Where to register them. Default: the registry of prom-client itself. */
  readonly registry?: Registry | undefined
  /** What their names begin with. Default: `pg_capture_`. */
  readonly prefix?: string | undefined
}

/**
 * Registers the figures of captures and aggregators with prom-client. They are asked for at each scrape, once for all.
 *
 * @example
 * ```ts
 * import client from 'prom-client'
 *
 * prometheusMetrics(client, { of: [capture] })
 * createServer(async (_, response) => response.end(await client.register.metrics())).listen(9464)
 * // pg_capture_objects_total{objects="book",change="upsert"} 1204
 * // pg_capture_oldest_pending_seconds{objects="book"} 0.012
 * ```
 */
export function prometheusMetrics<Registry>(
  client: PromClient<Registry>,
  { of, registry, prefix = 'pg_capture_' }: PrometheusMetricsOptions<Registry>,
): void {
  const measured = sharedMeasurements(of)
  for (const name of Object.keys(figures) as FigureName[]) {
    const { kind, help, unit } = figures[name]
    const configuration = {
      name: `${prefix}${name}${unit === undefined ? '' : `_${unit}`}${kind === 'counter' ? '_total' : ''}`,
      help,
      labelNames: ['objects', 'change'],
      ...(registry === undefined ? {} : { registers: [registry] }),
    }
    if (kind === 'counter') {
      const counter = new client.Counter({
        ...configuration,
        collect: async () => {
          const found = await measured(name)
          counter.reset()
          for (const { labels, value } of found) counter.inc({ ...labels }, value)
        },
      })
    } else {
      const gauge = new client.Gauge({
        ...configuration,
        collect: async () => {
          const found = await measured(name)
          gauge.reset()
          for (const { labels, value } of found) gauge.set({ ...labels }, value)
        },
      })
    }
  }
}
