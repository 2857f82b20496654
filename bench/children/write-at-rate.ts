import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** What the parent asks for. */
export interface WriteTask {
  readonly url: string
  /** Transactions of one changed review each, and of how many there is one after the other. */
  readonly perSecond: number
  readonly reviews: number
  /** The first of the reviews. */
  readonly from: number
}

/** When each commit was answered, in milliseconds since 1970, by the id of its review's book. */
export interface Written {
  readonly committedAt: readonly (readonly [book: string, at: number])[]
  readonly perSecond: number
}

const { url, perSecond, reviews, from } = JSON.parse(process.argv[2] ?? '') as WriteTask
const client = new pg.Client(url)
await client.connect()
process.on('message', () => void write())
process.send?.('ready')

async function write(): Promise<void> {
  const committedAt: [string, number][] = []
  const startedAt = performance.now()
  for (let n = 0; n < reviews; n++) {
    const early = startedAt + (n / perSecond) * 1_000 - performance.now()
    // Timers are no finer than this; what is due meanwhile is written without a pause.
    if (early > 1) await sleep(early)
    const { rows } = await client.query<{ book_id: number }>({
      name: 'rate',
      text: 'UPDATE review SET rating = rating % 5 + 1 WHERE id = $1 RETURNING book_id',
      values: [from + n],
    })
    committedAt.push([String(rows[0]?.book_id), performance.timeOrigin + performance.now()])
  }
  const written: Written = {
    committedAt,
    perSecond: (reviews / (performance.now() - startedAt)) * 1_000,
  }
  process.send?.(written, undefined, undefined, () => process.disconnect())
  await client.end()
}
