import fc from 'fast-check'
import type { DeliverStep, HoldStep, Place, Step, TransactionStep } from '../script.ts'
import { Picks } from './picks.ts'
import { comingBack, statementsOf, type TableChoice } from './statements.ts'

export interface StepChoices {
  readonly seed: number
  /** Of a transaction; other steps have no use for them. */
  readonly statements: readonly number[]
}

const seed = fc.noShrink(fc.integer())

export const stepsArbitrary: fc.Arbitrary<StepChoices[]> = fc.array(
  fc.record({ seed, statements: fc.array(seed, { minLength: 1, maxLength: 4, size: 'max' }) }),
  { minLength: 3, maxLength: 22, size: 'max' },
)

const weights = {
  transaction: 34,
  prompt: 12,
  deliver: 20,
  build: 10,
  hold: 6,
  race: 9,
  takeover: 6,
  return: 0,
  lapse: 2,
  fail: 6,
  poison: 3,
  redeliver: 4,
  crash: 3,
}

/** Few schemas let a row come back behind a promise, and tell. */
const weightsWithReturn = { ...weights, return: 25 }

/** Mostly one step, else several that belong together. */
export function stepsOf({ seed: number, statements }: StepChoices, tables: TableChoice): Step[] {
  const picks = new Picks(number)
  const mayReturn = tables.promised.some(({ isOnlyPromised }) => isOnlyPromised)
  const kind = picks.weighted(mayReturn ? weightsWithReturn : weights)
  switch (kind) {
    case 'transaction':
      return [transaction(statements, tables, picks)]
    case 'prompt':
      // Nothing is left to do when the next commit comes.
      return [
        transaction(statements, tables, picks),
        deliver(1_000, picks),
        { do: 'build', builder: picks.below(2) },
      ]
    case 'deliver':
      return [deliver(picks.chance(30) ? 1_000 : 1 + picks.below(6), picks)]
    case 'build':
      return [{ do: 'build', builder: picks.below(2) }]
    case 'hold':
      return [hold(picks.below(3), 1 + picks.below(6), picks)]
    case 'race':
      return race(
        transaction(statements, tables, picks),
        transaction(
          statements.map((one) => other(one, 1)),
          tables,
          picks,
        ),
        picks,
      )
    case 'takeover':
      return takeover(
        [0, 1, 2].map((number) =>
          transaction(
            statements.map((one) => other(one, number)),
            tables,
            picks,
          ),
        ),
        picks,
      )
    case 'return':
      return (comingBack(tables, picks) ?? []).flatMap((back): Step[] => [
        { do: 'transaction', end: 'commit', openFor: 0, statements: back },
        deliver(1_000, picks),
        { do: 'build', builder: picks.below(2) },
      ])
    case 'lapse':
      return [{ do: 'lapse' }]
    case 'poison':
      return [
        {
          do: 'poison',
          oneOf: picks.chance(20) ? 1 : 2 + picks.below(2),
          steps: picks.chance(60) ? 1 + picks.below(8) : 1_000,
        },
      ]
    case 'fail': {
      const places: Record<Place, number> = {
        'before query': 3,
        'after query': 3,
        'before onChange': 2,
        'after onChange': 2,
        set: 6,
      }
      return [{ do: 'fail', place: picks.weighted(places), after: picks.below(3) }]
    }
    case 'redeliver':
      return [{ do: 'redeliver', transactions: 1 + picks.below(4) }]
    case 'crash':
      if (picks.chance(50)) return [{ do: 'crash', builder: picks.below(2) }]
      return [{ do: 'crash', gently: picks.chance(65) }]
    default:
      return kind satisfies never
  }
}

function transaction(seeds: readonly number[], tables: TableChoice, picks: Picks): TransactionStep {
  const statements = seeds.flatMap((inner) => statementsOf(tables, new Picks(inner)))
  // A TRUNCATE locks all readers out for as long as its transaction is open.
  const mayStayOpen = statements.every(({ kind }) => !kind.startsWith('truncate'))
  return {
    do: 'transaction',
    end: picks.chance(90) ? 'commit' : 'rollback',
    openFor: mayStayOpen && picks.chance(12) ? 1 + picks.below(6) : 0,
    statements,
  }
}

function deliver(events: number, picks: Picks): DeliverStep {
  const by = picks.weighted({ handleEvent: 4, handleEvents: 4, collect: 3, 'handleEvent, all at once': 1 })
  return { do: 'deliver', events, by, to: picks.below(2) }
}

function hold(after: number, steps: number, picks: Picks): HoldStep {
  const place = picks.weighted({
    'before query': 3,
    'after query': 5,
    'before onChange': 3,
    'after onChange': 1,
  })
  return { do: 'hold', place, after, steps }
}

function other(seed: number, number: number): number {
  return seed ^ Math.imul(number, 0x5bd1e995)
}

/**
 * All is read, and what was read is held on its way; rows change meanwhile, and all is read again. That is where an id that
 * comes back can be forgotten, and an older object follow a newer one.
 */
function race(first: TransactionStep, second: TransactionStep, picks: Picks): Step[] {
  const build = (): Step => ({ do: 'build', builder: picks.below(2) })
  const commit = (step: TransactionStep): Step => ({ ...step, openFor: 0, end: 'commit' })
  return [
    commit(first),
    { do: 'deliver', events: 1_000, by: 'collect' },
    {
      do: 'hold',
      place: picks.weighted({ 'after query': 1, 'before onChange': 3 }),
      after: picks.below(2),
      steps: 3,
    },
    build(),
    commit(second),
    deliver(1_000, picks),
    build(),
  ]
}

/**
 * A builder is held with what it has read for longer than its lease, and the other one takes its ids over. Then the first one
 * emits late, and acknowledges or releases what is no longer its own: when the other one is through, or in the midst of it, and
 * rows have changed again meanwhile.
 */
function takeover(transactions: readonly TransactionStep[], picks: Picks): Step[] {
  const builder = picks.below(2)
  const [first = [], second = [], third = []] = transactions.map((step): Step[] => [
    { ...step, openFor: 0, end: 'commit' },
    { do: 'deliver', events: 1_000, by: 'collect' },
  ])
  const isAmid = picks.chance(60)
  const place = picks.weighted({ 'after query': 3, 'before onChange': 4, 'after onChange': 1 })
  return [
    ...first,
    { do: 'hold', place, after: 0, steps: isAmid ? 8 : 5 + picks.below(3) },
    { do: 'build', builder },
    { do: 'lapse' },
    ...second,
    ...(isAmid ? [{ do: 'hold' as const, place: 'before onChange' as const, after: 0, steps: 5 }] : []),
    { do: 'build', builder: builder + 1 },
    ...(isAmid ? third : []),
  ]
}
