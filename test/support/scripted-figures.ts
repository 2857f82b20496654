import type { Measured, Measurement } from 'pg-capture'

/** Figures that are set by hand, and count how often they are asked for. */
export class ScriptedFigures implements Measured {
  readonly #objects: string
  upserts = 12
  pending: number | undefined = 3
  asked = 0

  constructor(objects = 'book') {
    this.#objects = objects
  }

  async measure(): Promise<Measurement[]> {
    this.asked += 1
    const labels = { objects: this.#objects }
    return [
      {
        name: 'objects',
        kind: 'counter',
        help: '',
        value: this.upserts,
        labels: { ...labels, change: 'upsert' },
      },
      { name: 'objects', kind: 'counter', help: '', value: 1, labels: { ...labels, change: 'delete' } },
      ...(this.pending === undefined
        ? []
        : [{ name: 'pending', kind: 'gauge', help: '', value: this.pending, labels } as const]),
      { name: 'oldest_pending', kind: 'gauge', unit: 'seconds', help: '', value: 1.5, labels },
      { name: 'source_lag', kind: 'gauge', unit: 'bytes', help: '', value: 4096, labels: {} },
    ]
  }
}
