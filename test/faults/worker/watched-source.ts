import type { EventChunk, Source } from 'pg-capture'
import type { Notebook } from './notebook.ts'
import type { Points } from './points.ts'
import { withMethods } from './watched.ts'

export interface Duplication {
  /** How many of the next chunks come more than once. */
  chunks: number
  readonly done: () => void
}

/** A source whose chunks pass points and are noted; on demand it delivers them more than once, as after a lost connection. */
export function watchedSource(
  source: Source,
  points: Points,
  notebook: Notebook,
  duplication: Duplication,
  acknowledgesEarly: boolean,
): Source {
  async function* watch(chunks: AsyncIterable<EventChunk>): AsyncGenerator<EventChunk, void, undefined> {
    const before: EventChunk[] = []
    for await (const chunk of announced(chunks, points)) {
      notebook.write({ chunk: eventsByTransaction(chunk) })
      if (acknowledgesEarly) chunk.acknowledge?.()
      await points.pass('after source chunk')
      before.push({ events: chunk.events })
      yield { ...chunk, ...(chunk.acknowledge !== undefined && { acknowledge: watched(chunk.acknowledge) }) }
      if (before.length > 3) before.shift()
      if (duplication.chunks === 0) continue
      // All of the last ones once more, and in their order, but for what may be confirmed, which a source does once.
      for (const again of before) {
        notebook.write({ duplicated: again.events.length })
        yield again
      }
      duplication.chunks -= 1
      if (duplication.chunks === 0) duplication.done()
    }
  }

  const watched =
    (acknowledge: () => void): (() => void) =>
    () => {
      points.passNow('before WAL acknowledgement')
      acknowledge()
      points.passNow('after WAL acknowledgement')
    }

  return withMethods(source, { stream: (tables, options) => watch(source.stream(tables, options)) })
}

/** The chunks, with a point before each is asked for. */
async function* announced(chunks: AsyncIterable<EventChunk>, points: Points): AsyncGenerator<EventChunk> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      await points.pass('before source chunk')
      const next = await iterator.next()
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function eventsByTransaction({ events }: EventChunk): [string, number][] {
  const counts = new Map<string, number>()
  for (const { lsn } of events) counts.set(lsn ?? '', (counts.get(lsn ?? '') ?? 0) + 1)
  return [...counts]
}
