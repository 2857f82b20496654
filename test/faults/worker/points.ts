/** Where in the path of an event something can be made to happen. */
export const handlerPoints = [
  'before source chunk',
  'after source chunk',
  'before look-up',
  'after look-up',
  'before set.add',
  'after set.add',
  'before schedule request',
  'after schedule request',
  'before WAL acknowledgement',
  'after WAL acknowledgement',
] as const

/** Where in a build. */
export const builderPoints = [
  'before claim',
  'after claim',
  'before object read',
  'after object read',
  'before onChange',
  'after onChange',
  'before claim acknowledgement',
  'after claim acknowledgement',
] as const

export type Point = (typeof handlerPoints)[number] | (typeof builderPoints)[number]

/** What to do when a worker comes by a point for the `after`-th time from now. */
export interface Order {
  readonly point: Point
  readonly after: number
  readonly action: 'kill' | 'stop' | 'throw' | 'hang' | 'block'
  /** How long to hang or to block the event loop. */
  readonly ms: number
}

/** Thrown on purpose. */
export class MadeFailure extends Error {
  constructor(place: Point | 'onChange') {
    super(`made to fail ${place}`)
    this.name = 'MadeFailure'
  }
}

/** The orders of one worker, and who carries them out: at most one for each point. */
export class Points {
  readonly #orders = new Map<Point, { readonly order: Order; left: number }>()
  readonly #reached: (order: Order) => Promise<void>

  /** @param reached is told before the order is carried out, and after a hang or a block once more. */
  constructor(reached: (order: Order) => Promise<void>) {
    this.#reached = reached
  }

  give(order: Order): void {
    this.#orders.set(order.point, { order, left: order.after })
  }

  async pass(point: Point): Promise<void> {
    const order = this.#due(point)
    if (order === undefined) return
    switch (order.action) {
      case 'kill':
        return this.#end(order)
      case 'stop':
        await this.#reached(order)
        process.kill(process.pid, 'SIGSTOP')
        return
      case 'throw':
        await this.#reached(order)
        throw new MadeFailure(point)
      case 'hang':
        await new Promise((resolve) => setTimeout(resolve, order.ms))
        return this.#reached(order)
      case 'block':
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms)
        return this.#reached(order)
      default:
        return order.action satisfies never
    }
  }

  /** For a step that can't wait: it can only be killed there. */
  passNow(point: Point): void {
    const order = this.#due(point)
    if (order !== undefined) this.#end(order)
  }

  #due(point: Point): Order | undefined {
    const given = this.#orders.get(point)
    if (given === undefined) return undefined
    given.left -= 1
    if (given.left > 0) return undefined
    this.#orders.delete(point)
    return given.order
  }

  /** The signal is delivered before the call returns: nothing of this process happens after it. */
  #end(_order: Order): void {
    process.kill(process.pid, 'SIGKILL')
  }
}
