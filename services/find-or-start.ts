import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installDebianPackage } from './debian-package.ts'
import { type Environment, firstSet, reasonOf, type Service, withoutPassword } from './service.ts'

/** What `findOrStart` has to know of a kind of server. */
export interface ServerKind {
  name: string
  /** Variables that may hold its URL, the first one first. */
  variables: readonly string[]
  /** Where one listens that was started by hand or by the system. */
  defaultUrl: string
  /** The name of its executable. */
  binary: string
  debianPackage: string
  /** How to get one by hand, apart from Debian and Docker. */
  otherwise: string
  /** Talks to it. @returns its version. @throws when nobody answers there, or not in its protocol. */
  check(url: string): Promise<string>
  /** Starts the binary on a free port and in a temporary directory. */
  start(binary: string): Promise<{ url: string; stop(): Promise<void> }>
}

/**
 * A server of that kind, in this order: an URL from the environment; one that listens on the default port; the binary
 * on the PATH; Debian's package, where it may be installed.
 *
 * @throws Error that says what to do: nothing was found, or what a variable names doesn't answer. What was asked for is
 * never replaced silently.
 */
export async function findOrStart(
  kind: ServerKind,
  environment: Environment = process.env,
  install = installDebianPackage,
): Promise<Service> {
  const given = firstSet(environment, kind.variables)
  if (given !== undefined) return useGiven(kind, given.name, given.value)

  const listening = await kind.check(kind.defaultUrl).catch(() => undefined)
  if (listening !== undefined) {
    return found(kind.defaultUrl, `${kind.name}: found ${listening} on ${hostOf(kind.defaultUrl)}`)
  }

  const binary = onPath(kind.binary, environment['PATH'])
  if (binary !== undefined) return startOwn(kind, binary, 'started')

  const problem = await install(kind.debianPackage)
  const installed = problem === undefined ? onPath(kind.binary, environment['PATH']) : undefined
  if (installed !== undefined)
    return startOwn(kind, installed, `installed Debian's ${kind.debianPackage}, started`)

  throw new Error(
    `The tests need a ${kind.name} server. None is named by ${kind.variables.join(' or ')}, none listens on ` +
      `${hostOf(kind.defaultUrl)}, there is no ${kind.binary} on the PATH, and it was not installed ` +
      `(${problem ?? 'the package holds no such binary'}). Do one of these: ` +
      `sudo apt-get install ${kind.debianPackage}; ${kind.otherwise}; docker compose up -d ${kind.name}; ` +
      `or set ${kind.variables[0]} to an URL.`,
  )
}

async function useGiven(kind: ServerKind, variable: string, url: string): Promise<Service> {
  try {
    return found(url, `${kind.name}: ${await kind.check(url)} of ${variable} (${withoutPassword(url)})`)
  } catch (error) {
    throw new Error(
      `No ${kind.name} at ${variable} (${withoutPassword(url)}): ${reasonOf(error)}. ` +
        `Start it, or correct or unset ${variable} to have one started.`,
      { cause: error },
    )
  }
}

async function startOwn(kind: ServerKind, binary: string, verb: string): Promise<Service> {
  const server = await kind.start(binary)
  const report = `${kind.name}: ${verb} ${binary} on ${hostOf(server.url)} (in a temporary directory)`
  return { url: server.url, report, stop: () => server.stop() }
}

function found(url: string, report: string): Service {
  return { url, report, stop: async () => undefined }
}

function hostOf(url: string): string {
  return new URL(url).host
}

function onPath(binary: string, path = ''): string | undefined {
  // Debian puts servers into sbin, which ordinary users don't have on their PATH.
  const folders = [
    ...path.split(delimiter).filter(Boolean),
    ...(path ? ['/usr/local/sbin', '/usr/sbin'] : []),
  ]
  return folders.map((folder) => join(folder, binary)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
