/** Counts of what really happened, by name. */
export class Coverage {
  readonly #counts = new Map<string, number>()

  count(feature: string, times: number = 1): void {
    if (times > 0) this.#counts.set(feature, this.of(feature) + times)
  }

  of(feature: string): number {
    return this.#counts.get(feature) ?? 0
  }

  add(other: Coverage): void {
    for (const [feature, times] of other.#counts) this.count(feature, times)
  }

  static fromJson(text: string): Coverage {
    const coverage = new Coverage()
    const counts = JSON.parse(text) as Record<string, number>
    for (const [feature, times] of Object.entries(counts)) coverage.count(feature, times)
    return coverage
  }

  toJson(): string {
    return JSON.stringify(Object.fromEntries(this.#counts))
  }

  report(): string {
    const entries = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
    return entries.map(([feature, times]) => `${String(times).padStart(9)}  ${feature}`).join('\n')
  }
}
