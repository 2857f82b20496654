import { CaptureError } from './capture-error.ts'

/**
 * Where a failure goes that nobody asked to be told of. Only pg-capture's own messages are printed: those of a driver or of
 * an `onChange` may hold row values.
 */
export function reportFailure(what: string, error: unknown): void {
  console.error(`pg-capture: ${what}: ${nameOf(error)}`)
}

function nameOf(error: unknown): string {
  if (error instanceof CaptureError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'something that is no Error was thrown (pass onError to see it)'
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code} (pass onError to see it)`
}
