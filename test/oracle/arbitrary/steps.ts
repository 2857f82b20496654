import fc from 'fast-check'
import type { Place, Step } from '../script.ts'
import { Picks } from './picks.ts'
import { statementsOf } from './statements.ts'
import type { TableModel } from './tables.ts'

export interface StepChoices {
  readonly seed: number
  /** Of a transaction; other steps have no use for them. */
  readonly statements: readonly number[]
}

const seed = fc.noShrink(fc.integer())

export const stepsArbitrary: fc.Arbitrary<StepChoices[]> = fc.array(
  fc.record({ seed, statements: fc.array(seed, { minLength: 1, maxLength: 4, size: 'max' }) }),
  { minLength: 3, maxLength: 24, size: 'max' },
)

const weights = { transaction: 42, deliver: 26, build: 14, hold: 8, fail: 5, redeliver: 4, crash: 1 }

export function stepOf(
  { seed: number, statements }: StepChoices,
  tables: readonly TableModel[],
  read: readonly TableModel[],
): Step {
  const picks = new Picks(number)
  const kind = picks.weighted(weights)
  switch (kind) {
    case 'transaction': {
      const all = statements.flatMap((inner) => statementsOf(tables, read, new Picks(inner)))
      // A TRUNCATE locks all readers out for as long as its transaction is open.
      const mayStayOpen = all.every((statement) => statement.kind !== 'truncate')
      return {
        do: 'transaction',
        end: picks.chance(90) ? 'commit' : 'rollback',
        openFor: mayStayOpen && picks.chance(12) ? 1 + picks.below(6) : 0,
        statements: all,
      }
    }
    case 'deliver':
      return {
        do: 'deliver',
        events: picks.chance(30) ? 1000 : 1 + picks.below(6),
        by: picks.weighted({ handleEvent: 4, handleEvents: 4, collect: 3, 'handleEvent, all at once': 1 }),
      }
    case 'build':
      return { do: 'build', builder: picks.below(2) }
    case 'hold': {
      const place = picks.weighted({ 'before query': 3, 'after query': 5, 'before onChange': 3, 'after onChange': 1 })
      return { do: 'hold', place, after: picks.below(3), steps: 1 + picks.below(6) }
    }
    case 'fail': {
      const places: Record<Place, number> = {
        'before query': 3,
        'after query': 3,
        'before onChange': 2,
        'after onChange': 2,
        set: 4,
      }
      return { do: 'fail', place: picks.weighted(places), after: picks.below(3) }
    }
    case 'redeliver':
      return { do: 'redeliver', transactions: 1 + picks.below(4) }
    case 'crash':
      return { do: 'crash' }
    default:
      return kind satisfies never
  }
}
