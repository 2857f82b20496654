/** What a column is compared with. A text is what Postgres reads as a value of the column's type: `'2026-01-31'`. */
export type ConditionValue = string | number | bigint | boolean

/** What a column has to be; where several tests are given, all of them. As in SQL, NULL meets no test but those for NULL. */
export interface ColumnTest {
  readonly equals?: ConditionValue | null | undefined
  readonly not?: ConditionValue | null | undefined
  readonly in?: readonly ConditionValue[] | undefined
  readonly notIn?: readonly ConditionValue[] | undefined
  readonly lt?: ConditionValue | undefined
  readonly lte?: ConditionValue | undefined
  readonly gt?: ConditionValue | undefined
  readonly gte?: ConditionValue | undefined
}

/**
 * Which rows count: those in which every named column passes its test. `and` and `or` with a list combine conditions; a
 * column of such a name is meant where what follows is no list.
 *
 * @example
 * ```ts
 * const condition: Condition = {
 *   deletedAt: null,
 *   status: { in: ['draft', 'published'] },
 *   or: [{ price: { lt: 10 } }, { onSale: true }],
 * }
 * ```
 */
export interface Condition {
  readonly [column: string]: ConditionValue | null | ColumnTest | readonly Condition[]
}
