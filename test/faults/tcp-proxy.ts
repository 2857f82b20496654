import { createServer, connect, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** A way to a server on this machine that can stop forwarding, be reset, and break in the middle of an answer. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  #isHeld = false
  #cut: { bytes: number; readonly done: () => void } | undefined

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (near) => this.#accept(near))
  }

  static async open(target: number): Promise<TcpProxy> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new TcpProxy(server, target)
  }

  /** The URL of the server, with our port in place of its own. */
  through(url: string): string {
    const own = new URL(url)
    own.hostname = '127.0.0.1'
    own.port = String(this.port)
    return own.href
  }

  /** Forwards nothing any more, and closes nothing: as a network that drops every packet. */
  hold(): void {
    this.#isHeld = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  release(): void {
    this.#isHeld = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  /** Resets all connections. */
  reset(): void {
    for (const pair of this.#pairs) this.#end(pair)
  }

  /** Resets the connection that carries the n-th byte from now on that the server answers; resolves when it is so far. */
  async cutAfter(bytes: number): Promise<void> {
    await new Promise<void>((done) => {
      this.#cut = { bytes, done }
    })
  }

  async close(): Promise<void> {
    this.reset()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { near, far }
    this.#pairs.add(pair)
    near.setNoDelay(true)
    far.setNoDelay(true)
    this.#forward(near, far, pair)
    this.#forward(far, near, pair)
    if (this.#isHeld) far.pause()
    else near.resume()
  }

  #forward(from: Socket, to: Socket, pair: Pair): void {
    from.on('data', (chunk: Buffer) => {
      const cut = this.#cut
      if (cut !== undefined && from === pair.far) {
        cut.bytes -= chunk.length
        if (cut.bytes <= 0) {
          this.#cut = undefined
          to.write(chunk.subarray(0, chunk.length + cut.bytes), () => this.#end(pair))
          cut.done()
          return
        }
      }
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => !this.#isHeld && from.resume())
    })
    // One side may be done while the other still answers.
    from.on('end', () => to.end())
    from.on('error', () => this.#end(pair))
    from.on('close', () => this.#end(pair))
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.resetAndDestroy()
    pair.far.resetAndDestroy()
  }
}
