import { providePostgres } from './provide-postgres.ts'
import type { Environment, Service } from './service.ts'

const providers = {
  postgres: providePostgres,
} satisfies Record<string, (environment: Environment) => Promise<Service>>

export type ServiceName = keyof typeof providers

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(providers, name)
}

/** Finds or starts a server; what is possible is told by its own `provide-….ts`. Who calls it must `stop` it. */
export function provide(name: ServiceName, environment: Environment = process.env): Promise<Service> {
  return providers[name](environment)
}
