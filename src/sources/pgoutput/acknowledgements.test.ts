import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Acknowledgements, ConfirmedPosition } from './acknowledgements.ts'

function start(): { confirmed: ConfirmedPosition; advances: bigint[]; acknowledgements: Acknowledgements } {
  const advances: bigint[] = []
  const confirmed: ConfirmedPosition = new ConfirmedPosition(() => advances.push(confirmed.value))
  return { confirmed, advances, acknowledgements: new Acknowledgements(confirmed) }
}

describe('one connection', () => {
  test('a delivery confirms its last transaction', () => {
    const { acknowledgements, advances } = start()
    acknowledgements.addTransaction(10n)
    acknowledgements.addTransaction(20n)
    const acknowledge = acknowledgements.takeDelivery()
    acknowledgements.addTransaction(30n)
    acknowledge?.()
    acknowledge?.()
    expect(advances).toEqual([20n])
  })

  test('without a transaction there is nothing to acknowledge', () => {
    expect(start().acknowledgements.takeDelivery()).toBeUndefined()
  })

  test('an earlier delivery holds later ones back', () => {
    const { acknowledgements, advances } = start()
    const [one, two, three] = [10n, 20n, 30n].map((position) => {
      acknowledgements.addTransaction(position)
      return acknowledgements.takeDelivery()
    })
    three?.()
    two?.()
    expect(advances).toEqual([])
    one?.()
    expect(advances).toEqual([30n])
  })

  test('idle time counts at once when nothing waits, else with what waits', () => {
    const { acknowledgements, advances } = start()
    acknowledgements.addIdle(5n)
    acknowledgements.addTransaction(10n)
    acknowledgements.addIdle(15n)
    const one = acknowledgements.takeDelivery()
    acknowledgements.addIdle(17n)
    acknowledgements.addTransaction(20n)
    expect(advances).toEqual([5n])
    one?.()
    expect(advances).toEqual([5n, 17n])
  })

  test('a transaction after idle time does not take the position back', () => {
    const { acknowledgements, advances } = start()
    acknowledgements.addIdle(50n)
    acknowledgements.addTransaction(40n)
    acknowledgements.takeDelivery()?.()
    expect(advances).toEqual([50n])
  })
})

test('a later connection confirms on its own, an earlier one does no harm', () => {
  const { confirmed, advances, acknowledgements } = start()
  acknowledgements.addTransaction(10n)
  const old = acknowledgements.takeDelivery()
  acknowledgements.addTransaction(20n)
  const older = acknowledgements.takeDelivery()
  const again = new Acknowledgements(confirmed)
  again.addTransaction(10n)
  again.addTransaction(20n)
  again.addTransaction(30n)
  older?.()
  expect(advances).toEqual([])
  again.takeDelivery()?.()
  old?.()
  expect(advances).toEqual([30n])
})

/** What may happen on a connection, in any order. */
const step = fc.oneof(
  fc.constant({ does: 'transaction' } as const),
  fc.constant({ does: 'idle' } as const),
  fc.constant({ does: 'take' } as const),
  fc.record({ does: fc.constant('acknowledge' as const), which: fc.nat(20) }),
)

test('never beyond a transaction that was not acknowledged, and all the way once all were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { confirmed, acknowledgements } = start()
      let position = 0n
      const unacknowledged = new Set<bigint>()
      let growing: bigint[] = []
      const taken: { acknowledge: () => void; positions: bigint[] }[] = []
      const acknowledge = ({ acknowledge: call, positions }: (typeof taken)[number]): void => {
        call()
        for (const each of positions) unacknowledged.delete(each)
      }
      const take = (): void => {
        const call = acknowledgements.takeDelivery()
        expect(call !== undefined).toBe(growing.length > 0)
        if (call) taken.push({ acknowledge: call, positions: growing })
        growing = []
      }
      for (const next of steps) {
        if (next.does === 'transaction') {
          position += 10n
          acknowledgements.addTransaction(position)
          unacknowledged.add(position)
          growing.push(position)
        } else if (next.does === 'idle') {
          position += 5n
          acknowledgements.addIdle(position)
        } else if (next.does === 'take') take()
        else if (taken.length > 0) acknowledge(taken[next.which % taken.length] as (typeof taken)[number])
        for (const each of unacknowledged) expect(confirmed.value).toBeLessThan(each)
      }
      take()
      for (const each of taken) acknowledge(each)
      expect(confirmed.value).toBe(position)
    }),
  )
})
