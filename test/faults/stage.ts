import { ownServer } from '../../services/own-server.ts'
import { type PostgresServer, startPostgres } from '../../services/postgres.ts'
import { rabbitmq, type RabbitmqServer, startRabbitmq } from '../../services/rabbitmq.ts'
import { redis, type RedisServer, startRedis } from '../../services/redis.ts'
import { ProgramBundle } from '../support/program-bundle.ts'
import type { ServerUrls } from './shop.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { workerProgram } from './worker-process.ts'

/** The servers of a run, all of its own, the ways to them, and the program of the workers. */
export interface Stage {
  readonly postgres: PostgresServer
  readonly redis: RedisServer
  readonly rabbitmq: RabbitmqServer
  readonly urls: ServerUrls
  /** The ways on which look-ups and builds, the source, and the set in Redis reach their servers. */
  readonly ways: { readonly queries: TcpProxy; readonly replication: TcpProxy; readonly redis: TcpProxy }
  readonly bundle: ProgramBundle
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const closings: (() => unknown)[] = []
  const open = async <Opened>(
    opening: Promise<Opened>,
    close: (opened: Opened) => unknown,
  ): Promise<Opened> => {
    const opened = await opening
    closings.unshift(() => close(opened))
    return opened
  }
  const close = async (): Promise<void> => {
    for (const closing of closings.splice(0)) await closing()
  }
  try {
    // Together, but each known to `close` however the others fare.
    const [postgres, redisServer, rabbitmqServer, bundle] = await settled([
      open(startPostgres({ settings: { wal_sender_timeout: '6s' } }), (server) => server.stop()),
      open(
        ownServer(redis, (binary) => startRedis(binary, { appendonly: 'yes', appendfsync: 'always' })),
        (server) => server.stop(),
      ),
      open(ownServer(rabbitmq, startRabbitmq), (server) => server.stop()),
      open(ProgramBundle.build(workerProgram), (built) => built.remove()),
    ])
    const way = (port: number): Promise<TcpProxy> => open(TcpProxy.open(port), (proxy) => proxy.close())
    const ways = {
      queries: await way(postgres.port),
      replication: await way(postgres.port),
      redis: await way(redisServer.port),
    }
    const urls = { postgres: postgres.url, redis: redisServer.url, rabbitmq: rabbitmqServer.url }
    return { postgres, redis: redisServer, rabbitmq: rabbitmqServer, urls, ways, bundle, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** As `Promise.all`, but it waits for all of them also where one fails. */
async function settled<const Works extends readonly Promise<unknown>[]>(
  works: Works,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  await Promise.allSettled(works)
  return Promise.all(works)
}
