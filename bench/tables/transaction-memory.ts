import type { TransactionOutcome, TransactionTask } from '../children/capture-transaction.ts'
import { atMost, type Bench, type BenchRow } from '../harness/bench-table.ts'
import { messageOf, startChild } from '../harness/child-program.ts'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { bookTables, dropSlot } from '../replication/review-updates.ts'

const PUBLICATION = 'bench_transaction'
const WHOLE = 'whole transaction in an array'
const LIMIT_MIB = 256

export const transactionMemory: Bench = {
  name: 'transaction-memory',
  about: 'growth of a process that takes one large transaction, up to its objects',
  async run(stage) {
    const writer = await stage.connect()
    const sizes = stage.isFull ? [10_000, 100_000, 1_000_000] : [10_000, 100_000]
    const rows: BenchRow[] = []
    for (const changes of sizes.filter((size) => size <= stage.size.reviews)) {
      stage.tell(`${changes.toLocaleString('en')} changes in one transaction`)
      const objects = Math.min(changes, stage.size.books)
      const outcomes: Partial<Record<TransactionTask['way'], TransactionOutcome>> = {}
      const ways = ['ours', 'whole'] as const
      const slotOf = (way: string): string => `bench_transaction_${way}`
      for (const way of ways) {
        const source = { connection: stage.url, slot: slotOf(way), publication: PUBLICATION }
        await new PgoutputSource(source).prepare(bookTables)
      }
      await writer.query('UPDATE review SET rating = rating % 5 + 1 WHERE id <= $1', [changes])
      for (const way of ways) {
        const task = {
          url: stage.url,
          slot: slotOf(way),
          publication: PUBLICATION,
          way,
          rows: changes,
          objects,
        }
        outcomes[way] = await messageOf<TransactionOutcome>(
          startChild('capture-transaction', task satisfies TransactionTask),
        )
        await dropSlot(writer, slotOf(way))
      }
      const { ours, whole } = outcomes
      if (ours === undefined || whole === undefined) throw new TypeError('Both have been asked')
      rows.push({
        label: `${changes.toLocaleString('en')} changes of ${objects.toLocaleString('en')} objects`,
        asked: [atMost(LIMIT_MIB, ours.growthMiB, 'MiB')],
        figures: {
          ours: ours.growthMiB,
          [WHOLE]: whole.growthMiB,
          'ours, changes/s': changes / ours.seconds,
        },
      })
    }
    await writer.query(`DROP PUBLICATION ${PUBLICATION}`)
    await writer.query('VACUUM review')
    return [
      {
        title: 'Memory that one large transaction takes',
        unit: 'MiB of RSS',
        columns: ['ours', WHOLE, 'ours, changes/s'],
        rows,
        notes: [
          'Each in a process of its own, from before the stream begins to its largest size. Ours also builds the objects.',
        ],
      },
    ]
  },
}
