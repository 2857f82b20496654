import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Health, type HealthCode, healthOf } from './health.ts'
import { watchHealth } from './watch-health.ts'

const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  printed.mockClear()
})

/** A thing whose health is set from outside. */
class Patient {
  codes: readonly HealthCode[] = []
  looks = 0

  async health(): Promise<Health> {
    this.looks += 1
    return healthOf(
      this.codes.map((code) => ({ code, state: 'lagging', message: `look ${this.looks}` }) as const),
    )
  }
}

describe('watchHealth', () => {
  test('tells of each change, not of each look', async () => {
    const patient = new Patient()
    const told: Health[] = []
    const unwatch = watchHealth(patient, (health) => told.push(health), { everyMs: 10 })
    await vi.advanceTimersByTimeAsync(30)
    expect(told).toEqual([])
    patient.codes = ['PENDING_OLD']
    await vi.advanceTimersByTimeAsync(30)
    patient.codes = ['PENDING_OLD', 'OBJECTS_PARKED']
    await vi.advanceTimersByTimeAsync(30)
    patient.codes = []
    await vi.advanceTimersByTimeAsync(30)
    expect(told.map(({ state, reasons }) => [state, reasons.map(({ code }) => code)])).toEqual([
      ['lagging', ['PENDING_OLD']],
      ['lagging', ['PENDING_OLD', 'OBJECTS_PARKED']],
      ['ok', []],
    ])
    unwatch()
    patient.codes = ['PENDING_OLD']
    const { looks } = patient
    await vi.advanceTimersByTimeAsync(50)
    expect(patient.looks).toBe(looks)
    expect(told).toHaveLength(3)
  })

  test('goes on after a failure of who is told, without a word of theirs', async () => {
    const patient = new Patient()
    patient.codes = ['PENDING_OLD']
    const onHealth = vi.fn(() => {
      throw new Error('secret')
    })
    const unwatch = watchHealth(patient, onHealth, { everyMs: 10 })
    await vi.advanceTimersByTimeAsync(15)
    patient.codes = []
    await vi.advanceTimersByTimeAsync(15)
    expect(onHealth).toHaveBeenCalledTimes(2)
    expect(printed).toHaveBeenCalledTimes(2)
    expect(String(printed.mock.calls)).not.toContain('secret')
    unwatch()
  })

  test('looks every five seconds unless told otherwise', async () => {
    const patient = new Patient()
    const unwatch = watchHealth(patient, () => undefined)
    await vi.advanceTimersByTimeAsync(15_001)
    expect(patient.looks).toBe(3)
    unwatch()
  })

  test('refuses an interval that is none', () => {
    expect(() => watchHealth(new Patient(), () => undefined, { everyMs: 0 })).toThrow('everyMs')
  })
})
