import type { Changes } from 'pg-capture'

/** One call of `onChange`, as it was applied. */
export interface Emission {
  readonly upsert: readonly { readonly id: unknown; readonly object: unknown }[]
  readonly delete: readonly unknown[]
  readonly version: unknown
}

/** What a consumer holds that applies every change in the order in which it comes, and refuses nothing. */
export class Replica {
  readonly objects: Map<string, unknown>
  readonly emissions: Emission[] = []
  truncations = 0

  constructor(objects: ReadonlyMap<string, unknown> = new Map()) {
    this.objects = new Map(objects)
  }

  apply(changes: Changes): void {
    this.emissions.push({
      upsert: [...changes.upsert],
      delete: [...changes.delete],
      version: changes.version,
    })
    for (const { id, object } of changes.upsert) this.objects.set(id, object)
    for (const id of changes.delete) this.objects.delete(id)
  }

  truncate(): void {
    this.truncations += 1
    this.objects.clear()
  }
}
