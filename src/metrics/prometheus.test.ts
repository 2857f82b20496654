import * as client from 'prom-client'
import { beforeEach, describe, expect, test } from 'vitest'
import { ScriptedFigures } from '../../test/support/scripted-figures.ts'
import { prometheusMetrics } from './prometheus.ts'

beforeEach(() => client.register.clear())

const samplesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort()

describe('prometheusMetrics', () => {
  test('says what is measured, by the names that Prometheus asks for', async () => {
    prometheusMetrics(client, { of: [new ScriptedFigures()] })
    const text = await client.register.metrics()
    expect(samplesOf(text)).toEqual([
      'pg_capture_objects_total{objects="book",change="delete"} 1',
      'pg_capture_objects_total{objects="book",change="upsert"} 12',
      'pg_capture_oldest_pending_seconds{objects="book"} 1.5',
      'pg_capture_pending{objects="book"} 3',
      'pg_capture_source_lag_bytes 4096',
    ])
    expect(text).toContain('# TYPE pg_capture_objects_total counter')
    expect(text).toContain('# HELP pg_capture_pending Root ids that wait for a build.')
  })

  test('follows, and leaves out what is not known any more', async () => {
    const measured = new ScriptedFigures()
    prometheusMetrics(client, { of: [measured] })
    await client.register.metrics()
    measured.upserts = 20
    measured.pending = undefined
    const samples = samplesOf(await client.register.metrics())
    expect(samples).toContain('pg_capture_objects_total{objects="book",change="upsert"} 20')
    expect(samples.filter((sample) => sample.startsWith('pg_capture_pending'))).toEqual([])
  })

  test('asks once for a scrape', async () => {
    const measured = new ScriptedFigures()
    prometheusMetrics(client, { of: [measured] })
    await client.register.metrics()
    await client.register.metrics()
    expect(measured.asked).toBe(2)
  })

  test('takes a registry and a prefix, and several that are measured', async () => {
    const registry = new client.Registry()
    prometheusMetrics(client, {
      of: [new ScriptedFigures(), new ScriptedFigures('author')],
      registry,
      prefix: 'shop_',
    })
    expect(samplesOf(await client.register.metrics())).toEqual([])
    expect(samplesOf(await registry.metrics())).toEqual(
      expect.arrayContaining(['shop_pending{objects="author"} 3', 'shop_pending{objects="book"} 3']),
    )
  })
})
