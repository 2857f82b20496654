/** One way to do the work of a round. */
export interface Contestant {
  /** Does the round's work; what it returns, if anything, counts instead of the milliseconds that it took. */
  readonly run: (round: number) => Promise<number | void>
  /** A slow one takes part in so many rounds only. */
  readonly rounds?: number | undefined
}

export interface Contest {
  /** What each contestant measured, by round. */
  readonly measured: Readonly<Record<string, readonly number[]>>
  readonly median: Readonly<Record<string, number>>
  /** The median over the rounds of `name`'s figure divided by the other's of the same round. */
  ratio(name: string, other: string): number
}

/**
 * Lets the contestants do the same work in turn, round by round, each round beginning with another one: what the machine does
 * meanwhile hits all of them alike, so ratios hold where times do not. One round more comes first and does not count.
 */
export async function contest(
  contestants: Readonly<Record<string, Contestant>>,
  rounds: number,
): Promise<Contest> {
  const names = Object.keys(contestants)
  const measured: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    const taking = names.filter((name) => round <= (contestants[name]?.rounds ?? rounds))
    for (const [turn] of taking.entries()) {
      const name = taking[(turn + round) % taking.length] as string
      const startedAt = performance.now()
      const figure = await contestants[name]?.run(round)
      const elapsed = performance.now() - startedAt
      if (round > 0) measured[name]?.push(figure ?? elapsed)
    }
  }
  return {
    measured,
    median: Object.fromEntries(names.map((name) => [name, median(measured[name] ?? [])])),
    ratio(name, other) {
      const ours = measured[name] ?? []
      const theirs = measured[other] ?? []
      const shared = Math.min(ours.length, theirs.length)
      return median(ours.slice(0, shared).map((figure, round) => figure / (theirs[round] as number)))
    },
  }
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
