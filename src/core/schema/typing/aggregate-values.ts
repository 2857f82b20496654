/** What each aggregate yields. A sum or a mean of whole numbers is exact, and so need not fit a `number`. */
export interface AggregateValues<Item> {
  readonly count: number
  readonly exists: boolean
  readonly sum: number | string | null
  readonly avg: number | string | null
  readonly min: Exclude<Item, null> | null
  readonly max: Exclude<Item, null> | null
}
