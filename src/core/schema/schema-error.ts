import { CaptureError } from '../errors/capture-error.ts'

/** One thing wrong in a schema. */
export interface SchemaIssue {
  /** Where it is: `schema.properties.author.column`. */
  readonly path: string
  readonly message: string
}

/**
 * Thrown for a schema that can't work, with everything that is wrong in it, not the first thing alone.
 *
 * @example
 * ```ts
 * error.issues // [{ path: 'schema.properties.author.column', message: 'has to be the name of a column' }]
 * ```
 */
export class SchemaError extends CaptureError {
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    const lines = issues.map(({ path, message }) => `- ${path} ${message}`)
    const count = issues.length === 1 ? '1 problem' : `${issues.length} problems`
    super('SCHEMA_INVALID', `The schema has ${count}:\n${lines.join('\n')}`)
    this.name = 'SchemaError'
    this.issues = issues
  }
}
