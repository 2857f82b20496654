import { createServer } from 'node:net'

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No free port on 127.0.0.1.'))
        else resolve(address.port)
      })
    })
  })
}

/**
 * Boots a server on a free port. Between our look for the port and the server's use of it another process may take it:
 * then `portTaken` says so, and it is tried again with another.
 */
export async function onFreePort<T>(
  boot: (port: number) => Promise<T>,
  portTaken: (error: Error) => boolean,
): Promise<{ port: number; started: T }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, started: await boot(port) }
    } catch (error) {
      if (attempt === 3 || !(error instanceof Error) || !portTaken(error)) throw error
    }
  }
}
