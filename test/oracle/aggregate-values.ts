import type { AggregateFunction } from 'pg-capture'
import { compareValues, scaled } from './compare-values.ts'
import { heldValue } from './held-value.ts'
import { meanOf } from './mean-of.ts'

/** A value that is not NULL, as Postgres prints it and as JSON. */
export interface AggregatedValue {
  readonly type: string
  readonly text: string
  readonly json: string | null
}

/** What an aggregate makes of the values; `undefined` is NULL. */
export function aggregated(name: AggregateFunction, values: readonly AggregatedValue[]): unknown {
  switch (name) {
    case 'count':
      return values.length
    case 'exists':
      return values.length > 0
    case 'min':
    case 'max': {
      const ordered = values.toSorted((left, right) => compareValues(left.type, left.text, right.text))
      const json = ordered.at(name === 'min' ? 0 : -1)?.json
      return json === undefined || json === null ? undefined : heldValue(json)
    }
    case 'sum': {
      if (values.length === 0) return undefined
      const sum = String(values.reduce((total, { text }) => total + scaled(text), 0n))
      const digits = sum.replace('-', '').padStart(21, '0')
      const places = Math.max(...values.map(({ text }) => text.split('.')[1]?.length ?? 0))
      const behind = places === 0 ? '' : `.${digits.slice(-20, digits.length - 20 + places)}`
      return heldValue(`${sum.startsWith('-') ? '-' : ''}${digits.slice(0, -20)}${behind}`)
    }
    case 'avg':
      return values.length === 0
        ? undefined
        : heldValue(meanOf(values.map(({ text }) => text)).replace(/\.$/, ''))
    default:
      return name satisfies never
  }
}
