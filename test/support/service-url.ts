import { inject } from 'vitest'
import type { ServiceName } from '../../services/provide.ts'

/** How long a hook may wait for a server: it may have to be installed first. */
export const serviceTimeout = 240_000

/**
 * The URL of a server that the test run provides (see `global-setup.ts`); the first call starts it.
 *
 * @throws Error that says what to install or set when there is no such server and none can be started.
 */
export async function serviceUrl(name: ServiceName): Promise<string> {
  const response = await fetch(`${inject('servicesUrl')}/${name}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
