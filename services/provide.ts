import { findOrStart } from './find-or-start.ts'
import { providePostgres } from './provide-postgres.ts'
import { provideWal2json } from './provide-wal2json.ts'
import { rabbitmq } from './rabbitmq.ts'
import { redis } from './redis.ts'
import type { Environment, Service } from './service.ts'

const providers = {
  postgres: providePostgres,
  redis: (environment: Environment) => findOrStart(redis, environment),
  rabbitmq: (environment: Environment) => findOrStart(rabbitmq, environment),
  wal2json: provideWal2json,
} satisfies Record<string, (environment: Environment) => Promise<Service>>

export type ServiceName = keyof typeof providers

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(providers, name)
}

/** Finds or starts a server: see `providePostgres`, `provideWal2json` and `findOrStart` for the order. Who calls it must `stop` it. */
export function provide(name: ServiceName, environment: Environment = process.env): Promise<Service> {
  return providers[name](environment)
}
