import { numberParameters, type Parameter, type SqlParts } from './query-builder.ts'

/** A statement that is written once and run with other values each time. */
export interface Statement {
  readonly text: string
  /** What the parameters behind those left open hold, the same each time. */
  readonly fixed: readonly unknown[]
}

/** Compiles a statement. The open parameters are its first ones, in their order: `[...values, ...fixed]` runs it. */
export function compileStatement(parts: SqlParts, open: readonly Parameter[]): Statement {
  const { text, parameters } = numberParameters(parts, open)
  return { text, fixed: parameters.slice(open.length).map(({ value }) => value) }
}
