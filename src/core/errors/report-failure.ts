import { CaptureError } from './capture-error.ts'

/**
 * Where a failure goes that nobody asked to be told of. Only pg-capture's own messages are printed: those of a driver or of
 * an `onChange` may hold row values.
 */
export function reportFailure(what: string, error: unknown): void {
  const hint = error instanceof CaptureError ? '' : ' (pass onError to see it)'
  console.error(`pg-capture: ${what}: ${describeFailure(error)}${hint}`)
}

/**
 * What can be written down of any error without a row value in it: code and message of pg-capture's own, of others their
 * name and code alone.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof CaptureError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'something that is no Error was thrown'
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}`
}
