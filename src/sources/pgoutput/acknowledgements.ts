/** The position up to which everything was acknowledged. It never goes back. */
export class ConfirmedPosition {
  #value = 0n
  readonly #onAdvance: () => void

  constructor(onAdvance: () => void) {
    this.#onAdvance = onAdvance
  }

  get value(): bigint {
    return this.#value
  }

  advanceTo(position: bigint): void {
    if (position <= this.#value) return
    this.#value = position
    this.#onAdvance()
  }
}

interface Delivery {
  /** End of the last transaction in it. */
  position: bigint
  isAcknowledged: boolean
}

/**
 * Keeps, for one replication connection, which deliveries wait for their acknowledgement.
 *
 * A position is confirmed once every transaction of this connection that ends before it was acknowledged, in whatever
 * order that happens. Each connection has its own: it starts where the server's confirmed position is, so whatever it
 * confirms is right even when an older connection's deliveries were never acknowledged.
 */
export class Acknowledgements {
  readonly #confirmed: ConfirmedPosition
  /** In the order of the stream; the last one may still be growing. */
  readonly #waiting: Delivery[] = []
  #growing: Delivery | undefined

  constructor(confirmed: ConfirmedPosition) {
    this.#confirmed = confirmed
  }

  /** A transaction ended whose rows belong to the delivery that is being put together. */
  addTransaction(position: bigint): void {
    if (this.#growing) {
      this.#growing.position = position
      return
    }
    this.#growing = { position, isAcknowledged: false }
    this.#waiting.push(this.#growing)
  }

  /** Nothing up to `position` needs a delivery, beyond those that wait already. */
  addIdle(position: bigint): void {
    const last = this.#waiting.at(-1)
    if (!last) this.#confirmed.advanceTo(position)
    else if (position > last.position) last.position = position
  }

  /** Ends the delivery that is being put together and gives the function that acknowledges it. */
  takeDelivery(): (() => void) | undefined {
    const delivery = this.#growing
    if (!delivery) return undefined
    this.#growing = undefined
    return () => {
      delivery.isAcknowledged = true
      this.#confirm()
    }
  }

  #confirm(): void {
    let done = 0
    let position = 0n
    for (const delivery of this.#waiting) {
      if (!delivery.isAcknowledged) break
      position = delivery.position
      done++
    }
    if (done === 0) return
    this.#waiting.splice(0, done)
    this.#confirmed.advanceTo(position)
  }
}
