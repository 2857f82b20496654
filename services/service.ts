/** A server that somebody asked for: found, or started for us. */
export interface Service {
  readonly url: string
  /** One line on where it came from, such as `postgres: started 18.4 on 127.0.0.1:53211 (in a temporary directory)`. */
  readonly report: string
  /** Ends it when it was started here; a server that was found is left as it is. */
  stop(): Promise<void>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The first of the variables that is set and not empty. */
export function firstSet(
  environment: Environment,
  names: readonly string[],
): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = environment[name]
    if (value) return { name, value }
  }
  return undefined
}

/** An URL without its password, for reports and errors. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'a text that is no URL'
  const parsed = new URL(url)
  if (parsed.password) parsed.password = '***'
  return parsed.href
}

export function reasonOf(error: unknown): string {
  // A connection refused on several addresses comes as an AggregateError with an empty message.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
