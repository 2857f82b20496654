import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { isServiceName, provide, type ServiceName } from '../../services/provide.ts'
import type { Service } from '../../services/service.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for servers: see `serviceUrl` in `service-url.ts`. */
    servicesUrl: string
  }
}

/**
 * Servers for the tests, each started when the first test file asks for it, shared by all, and ended after the run. The
 * test files run in processes of their own, so they ask by HTTP: `GET /postgres` answers with the URL of a Postgres.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = new Map<ServiceName, Promise<Service>>()

  function service(name: ServiceName): Promise<Service> {
    const known = services.get(name)
    if (known !== undefined) return known
    const starting = provide(name)
    services.set(name, starting)
    starting.then(
      ({ report }) => process.stderr.write(`${report}\n`),
      () => undefined,
    )
    return starting
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (request.url ?? '').slice(1)
    try {
      if (!isServiceName(name)) throw new Error(`There is no service "${name}".`)
      response.end((await service(name)).url)
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  project.provide('servicesUrl', await listen(server))

  return async () => {
    server.close()
    server.closeAllConnections()
    const started = await Promise.allSettled(services.values())
    await Promise.all(
      started.map(async (result) => result.status === 'fulfilled' && (await result.value.stop())),
    )
  }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}
