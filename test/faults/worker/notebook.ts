import { openSync, readFileSync, writeSync } from 'node:fs'

/** A failure that a worker was told of or met. */
export type FailureNote =
  /** A CaptureError. */
  | { readonly code: string; readonly message: string }
  /** What the client or the `onChange` that the worker brings along has thrown, which comes through as it was. */
  | { readonly own: 'client' | 'onChange' | 'harness'; readonly message: string }
  | { readonly untyped: string }

export type Note =
  /** A chunk of the source: for each transaction, by its LSN, how many events it had. */
  | { readonly chunk: readonly (readonly [lsn: string, events: number])[] }
  /** Events that were delivered once more on purpose. */
  | { readonly duplicated: number }
  /** Batches of events that were handled in another order. */
  | { readonly reordered: number }
  | { readonly failure: FailureNote }

/** Notes that survive the end of their writer by SIGKILL: each is written before the next thing happens. */
export class Notebook {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(note: Note): void {
    writeSync(this.#file, `${JSON.stringify(note)}\n`)
  }
}

/** All whole notes of a file; a last line that was cut short is left out. */
export function readNotes(path: string): Note[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Note)
}
