import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { ScriptedFigures } from '../../test/support/scripted-figures.ts'
import { openTelemetryMetrics, type OpenTelemetryMetricsOptions } from './open-telemetry.ts'

function instrumented(options: OpenTelemetryMetricsOptions) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  const remove = openTelemetryMetrics(provider.getMeter('test'), options)
  return {
    remove,
    end: () => provider.shutdown(),
    async collect(): Promise<string[]> {
      exporter.reset()
      await reader.forceFlush()
      return exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics)
        .flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) =>
            [descriptor.name, ...Object.values(attributes), value as number, descriptor.unit]
              .join(' ')
              .trim(),
          ),
        )
        .sort()
    },
  }
}

describe('openTelemetryMetrics', () => {
  test('observes what is measured, with units', async () => {
    const { collect, end } = instrumented({ of: [new ScriptedFigures()] })
    expect(await collect()).toEqual([
      'pg_capture.objects book delete 1',
      'pg_capture.objects book upsert 12',
      'pg_capture.oldest_pending book 1.5 s',
      'pg_capture.pending book 3',
      'pg_capture.source_lag 4096 By',
    ])
    await end()
  })

  test('follows, asks once for a collection, and takes a prefix', async () => {
    const measured = new ScriptedFigures()
    const { collect, end } = instrumented({ of: [measured], prefix: 'shop.' })
    await collect()
    measured.upserts = 20
    expect(await collect()).toContain('shop.objects book upsert 20')
    expect(measured.asked).toBe(2)
    await end()
  })

  test('is taken off again', async () => {
    const measured = new ScriptedFigures()
    const { collect, end, remove } = instrumented({ of: [measured] })
    await collect()
    remove()
    await collect()
    expect(measured.asked).toBe(1)
    await end()
  })
})
