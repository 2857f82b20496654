import type { Condition, ConditionValue } from '../condition.ts'
import type { ColumnValue } from './column-value.ts'

/** What may stand for a condition on the row: any {@link Condition} where the columns are not known. */
export type WhereOf<Row> = string extends keyof Row ? Condition : ConditionOn<Row>

type ConditionOn<Row> = {
  readonly [Name in (keyof Row & string) | 'and' | 'or']?:
    | (Name extends keyof Row ? TestOf<ComparedWith<ColumnValue<Row[Name]>>> : never)
    | (Name extends 'and' | 'or' ? readonly ConditionOn<Row>[] : never)
}

type TestOf<Value> =
  | Value
  | null
  | {
      readonly equals?: Value | null | undefined
      readonly not?: Value | null | undefined
      readonly in?: readonly Value[] | undefined
      readonly notIn?: readonly Value[] | undefined
      readonly lt?: Value | undefined
      readonly lte?: Value | undefined
      readonly gt?: Value | undefined
      readonly gte?: Value | undefined
    }

/** What a value is compared with. Numbers are given as text or bigint too, where a number would not be exact. */
type ComparedWith<Value> = unknown extends Value
  ? ConditionValue
  : Value extends string | boolean
    ? Value
    : Value extends number
      ? number | bigint | string
      : Value extends null
        ? never
        : ConditionValue
