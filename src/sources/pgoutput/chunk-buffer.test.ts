import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../../core/events/wal-event.ts'
import { ChunkBuffer } from './chunk-buffer.ts'

const event = (id: number): WALEvent => ({ action: 'INSERT', table: 't', data: { id } })
const idsOf = (chunk: { readonly events: readonly WALEvent[] } | undefined): unknown[] =>
  (chunk?.events ?? []).map((each) => each.data?.['id'])

function create(
  rows: number,
  bytes = 1_000_000,
): { buffer: ChunkBuffer; acknowledged: string[]; room: () => number } {
  let taken = 0
  let room = 0
  const acknowledged: string[] = []
  const buffer = new ChunkBuffer({ rows, bytes }, () => room++)
  buffer.restart(() => {
    const name = `chunk ${++taken}`
    return () => acknowledged.push(name)
  })
  return { buffer, acknowledged, room: () => room }
}

describe('next', () => {
  test('waits for the end of a transaction', async () => {
    const { buffer } = create(10)
    const next = buffer.next()
    buffer.add(event(1), 1)
    buffer.add(event(2), 1)
    buffer.commit()
    expect(idsOf(await next)).toEqual([1, 2])
  })

  test('leaves a transaction that is open for the next chunk', async () => {
    const { buffer } = create(10)
    buffer.add(event(1), 1)
    buffer.commit()
    buffer.add(event(2), 1)
    expect(idsOf(await buffer.next())).toEqual([1])
    expect(buffer.hasOpenTransaction).toBe(true)
    buffer.commit()
    expect(idsOf(await buffer.next())).toEqual([2])
  })

  test('takes a part of a transaction that fills the buffer, and keeps its last row', async () => {
    const { buffer, room } = create(3)
    for (const id of [1, 2, 3]) buffer.add(event(id), 1)
    expect(buffer.isFull).toBe(true)
    const part = await buffer.next()
    expect(idsOf(part)).toEqual([1, 2])
    expect(part?.acknowledge).toBeUndefined()
    expect([buffer.isFull, room()]).toEqual([false, 1])
    buffer.commit()
    const last = await buffer.next()
    expect(idsOf(last)).toEqual([3])
    expect(last?.acknowledge).toBeDefined()
  })

  test('is full by bytes too, but never with a single row', () => {
    const { buffer } = create(1_000, 10)
    buffer.add(event(1), 50)
    expect(buffer.isFull).toBe(false)
    buffer.add(event(2), 1)
    expect(buffer.isFull).toBe(true)
  })

  test('a restart forgets what has not been taken', async () => {
    const { buffer } = create(10)
    buffer.add(event(1), 1)
    buffer.commit()
    buffer.restart(() => undefined)
    buffer.add(event(2), 1)
    buffer.commit()
    expect(idsOf(await buffer.next())).toEqual([2])
  })

  test('ends, or throws, even for one who waits', async () => {
    const ended = create(10).buffer
    const end = ended.next()
    ended.end({})
    expect(await end).toBeUndefined()
    expect(await ended.next()).toBeUndefined()

    const failed = create(10).buffer
    const failure = failed.next()
    failed.end({ error: new Error('first') })
    failed.end({ error: new Error('second') })
    await expect(failure).rejects.toThrow('first')
    await expect(failed.next()).rejects.toThrow('first')
  })
})

test('whatever the sizes, all rows come in order, and every transaction can be acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(12), { maxLength: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (sizes, rows, waits) => {
        const { buffer, acknowledged } = create(rows)
        const seen: unknown[] = []
        let chunks = 0
        const consume = async (): Promise<void> => {
          for (let chunk = await buffer.next(); chunk; chunk = await buffer.next()) {
            expect(chunk.events.length).toBeGreaterThan(0)
            seen.push(...idsOf(chunk))
            if (chunk.acknowledge) chunks++
            chunk.acknowledge?.()
          }
        }
        const consumer = consume()
        let id = 0
        for (const size of sizes) {
          for (let row = 0; row < size; row++) {
            while (buffer.isFull) await Promise.resolve()
            buffer.add(event(++id), 1)
          }
          if (buffer.hasOpenTransaction) buffer.commit()
          if (waits) await Promise.resolve()
        }
        while (seen.length < id) await Promise.resolve()
        buffer.end({})
        await consumer
        expect(seen).toEqual(Array.from({ length: id }, (_, index) => index + 1))
        expect(acknowledged.length).toBe(chunks)
      },
    ),
  )
})
