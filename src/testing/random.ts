/** Numbers that look random and are the same for the same seed: Marsaglia's xorshift32. */
export class Random {
  #state: number

  constructor(seed: number) {
    // Seeds that lie side by side begin far apart, and none of them is zero, where the generator would stay.
    this.#state = Math.imul(seed ^ 0x5bf03635, 0x9e3779b1) | 0 || 1
    for (let round = 0; round < 8; round++) this.below(2)
  }

  /** A whole number from zero on. */
  below(end: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return Math.floor(((state >>> 0) / 2 ** 32) * end)
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }
}
