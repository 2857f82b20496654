import { reportFailure } from './report-failure.ts'

/** Tells a failure to who asked to be told, or else reports it. Never throws: a failure to tell is reported as well. */
export function tellFailure(
  onError: ((error: unknown) => void) | undefined,
  what: string,
  error: unknown,
): void {
  if (onError === undefined) return reportFailure(what, error)
  try {
    onError(error)
  } catch (failure) {
    reportFailure(`onError failed when it was told: ${what}`, failure)
  }
}
