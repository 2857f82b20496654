import type { Changes, Truncation } from 'pg-capture'

/** One call of `onChange`, as it was applied. */
export interface Emission {
  readonly upsert: readonly { readonly id: unknown; readonly object: unknown }[]
  readonly delete: readonly unknown[]
  readonly version: unknown
  /** The ids of which the replica had a newer version. */
  readonly refused: ReadonlySet<unknown>
}

export interface ReplicaOptions {
  /** Whether it compares versions, as a sink has to of builders that may be paused for longer than their lease. */
  readonly refusesOlder: boolean
}

/** What a consumer holds that applies every change in the order in which it comes. */
export class Replica {
  readonly objects: Map<string, unknown>
  readonly emissions: Emission[] = []
  readonly #refusesOlder: boolean
  readonly #versions = new Map<string, bigint>()
  #emptiedAt = 0n
  truncations = 0

  constructor(objects: ReadonlyMap<string, unknown>, { refusesOlder }: ReplicaOptions) {
    this.objects = new Map(objects)
    this.#refusesOlder = refusesOlder
  }

  apply({ upsert, delete: deleted, version }: Changes): void {
    const refused = new Set<string>()
    const accepts = (id: string): boolean => {
      const known = this.#versions.get(id) ?? 0n
      const isRefused = this.#refusesOlder && (version < known || version < this.#emptiedAt)
      if (isRefused) refused.add(id)
      else this.#versions.set(id, version)
      return !isRefused
    }
    for (const { id, object } of upsert) if (accepts(id)) this.objects.set(id, object)
    for (const id of deleted) if (accepts(id)) this.objects.delete(id)
    this.emissions.push({ upsert: [...upsert], delete: [...deleted], version, refused })
  }

  truncate({ version }: Truncation): void {
    this.truncations += 1
    if (version > this.#emptiedAt) this.#emptiedAt = version
    this.objects.clear()
  }
}
