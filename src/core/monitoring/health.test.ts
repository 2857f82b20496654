import { describe, expect, test } from 'vitest'
import { healthOf, reasonsOf } from './health.ts'

const lasting = (forMs: number | undefined, atWorst?: 'lagging') =>
  ({ code: 'PENDING_OLD', forMs, message: 'it waits.', atWorst }) as const

describe('reasonsOf', () => {
  test.each([
    [undefined, []],
    [9_999, []],
    [10_000, [{ code: 'PENDING_OLD', state: 'lagging', message: 'For 10 s: it waits.' }]],
    [59_999, [{ code: 'PENDING_OLD', state: 'lagging', message: 'For 60 s: it waits.' }]],
    [60_000, [{ code: 'PENDING_OLD', state: 'stalled', message: 'For 60 s: it waits.' }]],
    [600_000, [{ code: 'PENDING_OLD', state: 'stalled', message: 'For 10 min: it waits.' }]],
    [36_000_000, [{ code: 'PENDING_OLD', state: 'stalled', message: 'For 10 h: it waits.' }]],
  ])('what has lasted for %s ms', (forMs, expected) => {
    expect(reasonsOf([lasting(forMs)], {})).toEqual(expected)
  })

  test('what can only lag does so however long it lasts', () => {
    expect(reasonsOf([lasting(10_000_000, 'lagging')], {})).toMatchObject([{ state: 'lagging' }])
  })

  test('the limits are yours', () => {
    const limits = { laggingAfterMs: 5, stalledAfterMs: 7 }
    const states = [4, 5, 6, 7].map((forMs) => reasonsOf([lasting(forMs)], limits)[0]?.state)
    expect(states).toEqual([undefined, 'lagging', 'lagging', 'stalled'])
  })

  test('where stalled comes first, nothing is only lagging', () => {
    expect(reasonsOf([lasting(6)], { laggingAfterMs: 10, stalledAfterMs: 5 })).toMatchObject([
      { state: 'stalled' },
    ])
  })
})

describe('healthOf', () => {
  const reason = (state: 'lagging' | 'stalled') => ({ code: 'PENDING_OLD', state, message: '' }) as const

  test('is the worst of all', () => {
    expect(healthOf([]).state).toBe('ok')
    expect(healthOf([reason('lagging')]).state).toBe('lagging')
    expect(healthOf([reason('lagging'), reason('stalled')]).state).toBe('stalled')
  })
})
