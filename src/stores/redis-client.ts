import { CaptureError } from '../core/errors/capture-error.ts'

/** What is used of ioredis (5, 6) and iovalkey: a client or a cluster. */
export interface IoRedisClient {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** What is used of node-redis (4, 5, 6): a client, a cluster, a pool or a sentinel. */
export interface NodeRedisClient {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

export type RedisClient = IoRedisClient | NodeRedisClient

/** Runs a Lua script on the server, by its hash where the server knows it. */
export type RunScript = (script: string, keys: readonly string[], args: readonly string[]) => Promise<unknown>

/** Says how scripts run on this client, or throws `OPTION_INVALID` where it is none that is known. */
export function scriptRunner(client: RedisClient): RunScript {
  const evaluate = evaluatorOf(client)
  return async (script, keys, args) => {
    try {
      return await evaluate('EVALSHA', await sha1Of(script), keys, args)
    } catch (error) {
      // Scripts are lost when Redis restarts, fails over or is told to flush them.
      if (!isNoScript(error)) throw error
      return evaluate('EVAL', script, keys, args)
    }
  }
}

type Evaluate = (
  command: 'EVAL' | 'EVALSHA',
  script: string,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>

function evaluatorOf(client: RedisClient): Evaluate {
  if (hasMethod(client, 'evalSha') && hasMethod(client, 'eval')) {
    // Not sendCommand, whose parameters differ between client, cluster and sentinel.
    const node = client as NodeRedisClient
    return (command, script, keys, args) => {
      const options = { keys: [...keys], arguments: [...args] }
      return command === 'EVAL' ? node.eval(script, options) : node.evalSha(script, options)
    }
  }
  if (hasMethod(client, 'call')) {
    const io = client as IoRedisClient
    return (command, script, keys, args) => io.call(command, script, String(keys.length), ...keys, ...args)
  }
  throw new CaptureError(
    'OPTION_INVALID',
    '"client" of a RedisSet must be a client of ioredis, iovalkey or node-redis.',
  )
}

function hasMethod(client: unknown, method: string): boolean {
  return typeof (client as Record<string, unknown> | null | undefined)?.[method] === 'function'
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

const hashes = new Map<string, Promise<string>>()

function sha1Of(script: string): Promise<string> {
  let hash = hashes.get(script)
  if (!hash) {
    hash = sha1(script)
    hashes.set(script, hash)
  }
  return hash
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
