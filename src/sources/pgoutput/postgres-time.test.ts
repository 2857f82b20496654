import { expect, test } from 'vitest'
import { isoTime, postgresNow } from './postgres-time.ts'

test('the epoch is 2000-01-01 UTC', () => {
  expect(isoTime(0n)).toBe('2000-01-01T00:00:00.000000Z')
  expect(isoTime(1n)).toBe('2000-01-01T00:00:00.000001Z')
  expect(isoTime(-1n)).toBe('1999-12-31T23:59:59.999999Z')
  expect(isoTime(848_664_000_123_456n)).toBe('2026-11-22T12:00:00.123456Z')
})

test('now is now', () => {
  expect(Math.abs(Date.parse(isoTime(postgresNow())) - Date.now())).toBeLessThan(1_000)
})
