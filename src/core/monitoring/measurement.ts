import { type FigureDefinition, type FigureName, figures } from './figures.ts'

/** One figure at one moment. A figure that is not known is left out: it is never reported as 0. */
export interface Measurement extends FigureDefinition {
  readonly name: FigureName
  readonly value: number
  /** `objects`: the name of the aggregator that it is of, where it is of one. `change`: `upsert` or `delete`. */
  readonly labels: { readonly objects?: string; readonly change?: 'upsert' | 'delete' }
}

/**
 * What can be asked for its figures: an `EventAggregator` or a `Capture`. On the way of an event there is nothing but
 * counting, so asking is the only cost, and how often is up to who asks.
 *
 * @example
 * ```ts
 * for (const { name, value } of await aggregator.measure()) console.log(name, value)
 * // events 1204
 * // pending 3
 * // oldest_pending 0.012 …
 * ```
 */
export interface Measured {
  /** Asks the set, too, and leaves its figures out where it does not answer. Never rejects. */
  measure(): Promise<readonly Measurement[]>
}

/** The measurements of those values that are known. */
export function measurementsOf(
  values: Readonly<Partial<Record<FigureName, number | undefined>>>,
  labels: Measurement['labels'] = {},
): Measurement[] {
  return (Object.keys(values) as FigureName[]).flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [{ ...figures[name], name, value, labels }]
  })
}
