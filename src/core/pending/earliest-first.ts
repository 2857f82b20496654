interface Entry<Value> {
  readonly at: number
  readonly value: Value
}

/** A queue that gives what comes first in time, as a binary heap: adding and taking cost a logarithm of its size. */
export class EarliestFirst<Value> {
  readonly #heap: Entry<Value>[] = []

  get first(): Entry<Value> | undefined {
    return this.#heap[0]
  }

  add(at: number, value: Value): void {
    let place = this.#heap.push({ at, value }) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#timeAt(parent) <= at) return
      this.#swap(place, parent)
      place = parent
    }
  }

  removeFirst(): void {
    this.#swap(0, this.#heap.length - 1)
    this.#heap.pop()
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const child = this.#timeAt(left + 1) < this.#timeAt(left) ? left + 1 : left
      if (this.#timeAt(child) >= this.#timeAt(place)) return
      this.#swap(place, child)
      place = child
    }
  }

  /** Beyond the end of the heap it is later than anything. */
  #timeAt(place: number): number {
    return this.#heap[place]?.at ?? Infinity
  }

  #swap(one: number, two: number): void {
    const [first, second] = [this.#heap[one], this.#heap[two]]
    if (first === undefined || second === undefined) return
    this.#heap[one] = second
    this.#heap[two] = first
  }
}
