import { findOrStart, type ServerKind } from './find-or-start.ts'
import { freePort } from './free-port.ts'

/**
 * Starts a server for us alone, which may be filled, killed and restarted: from the binary on the PATH, or from Debian's package
 * where it may be installed; never one that somebody else uses.
 *
 * @throws Error that says what to do, where there is no binary.
 */
export async function ownServer<Server extends { readonly url: string; stop(): Promise<void> }>(
  kind: ServerKind,
  start: (binary: string) => Promise<Server>,
): Promise<Server> {
  let own: Server | undefined
  const nobody = new URL(kind.defaultUrl)
  nobody.port = String(await freePort())
  await findOrStart({
    ...kind,
    variables: [],
    defaultUrl: nobody.href,
    start: async (binary) => {
      own = await start(binary)
      return own
    },
  })
  if (own === undefined) throw new Error(`A ${kind.name} that was found is not our own.`)
  return own
}
