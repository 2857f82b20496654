import type { QueryClient } from 'pg-capture'
import type { Failures } from './failures.ts'
import type { Point, Points } from './points.ts'

/** The object with some of its methods replaced; the others are its own. */
export function withMethods<Target extends object>(
  target: Target,
  methods: { readonly [Name in keyof Target]?: Target[Name] },
): Target {
  return new Proxy(target, {
    get(of, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof Target]
      const value: unknown = Reflect.get(of, name)
      // Private fields are there for the object itself only.
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}

/** Passes two points around a piece of work. */
export async function around<Result>(
  points: Points,
  step: Extract<Point, `before ${string}`> extends `before ${infer Step}` ? Step : never,
  work: () => Promise<Result>,
): Promise<Result> {
  await points.pass(`before ${step}` as Point)
  const result = await work()
  await points.pass(`after ${step}` as Point)
  return result
}

/** A client of Postgres whose queries pass points, by what they are for. */
export function watchedClient(client: QueryClient, points: Points, failures: Failures): QueryClient {
  return {
    query: (text, values) => {
      const ask = (): Promise<{ rows: unknown[] }> => failures.by('client', () => client.query(text, values))
      // The question whether a transaction is visible is no step of its own.
      if (text.startsWith('SELECT pg_current_snapshot()')) return ask()
      return around(points, text.includes('AS "version"') ? 'object read' : 'look-up', ask)
    },
  }
}
