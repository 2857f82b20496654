import type pg from 'pg'
import type { BookshopCapture } from './bookshop-capture.ts'
import { compareWithTables } from './fresh-evaluation.ts'
import { closeOtherConnections } from './invitation.ts'
import type { Entry } from './journal.ts'
import { showComparison, showEntry, showRoots, showSql, showTotals } from './pages.ts'
import type { Screen } from './screen.ts'
import { seed } from './seed.ts'
import { interrupted } from './signals.ts'
import { story } from './story.ts'
import { count } from './values.ts'

/** Where the transactions are played and what comes of them is shown. */
export class Stage {
  readonly #screen: Screen
  readonly #shop: pg.Client
  readonly #capture: BookshopCapture
  readonly #entries: Entry[] = []

  constructor(screen: Screen, shop: pg.Client, capture: BookshopCapture) {
    this.#screen = screen
    this.#shop = shop
    this.#capture = capture
  }

  /** Runs the whole story. */
  async play(): Promise<boolean> {
    const screen = this.#screen
    screen.line('Two kinds of objects, captured over one replication slot:')
    screen.line()
    showRoots(screen)
    screen.line()
    screen.line('The replica starts empty. What the shop has is inserted while the capture runs:')
    screen.line()
    const { rowEvents, changes } = await this.#run(seed)
    screen.flow(2, [
      `1 transaction, ${count(rowEvents, 'row event')} → ${count(changes.length, 'new object')}`,
    ])

    for (const [index, { title, sql }] of story.entries()) {
      screen.heading(`${index + 1}. ${title}`)
      showSql(screen, sql)
      showEntry(screen, await this.#run(sql))
    }
    return this.verify()
  }

  /** Shows what others change, until Ctrl-C. */
  async watch(): Promise<void> {
    const show = (): void => {
      const entry = this.#capture.journal.take()
      if (entry.rowEvents === 0 && entry.changes.length === 0) return
      this.#entries.push(entry)
      this.#screen.heading(`${new Date().toTimeString().slice(0, 8)} ${entry.operations.join(', ')}`)
      showEntry(this.#screen, entry)
    }
    await Promise.race([interrupted(), this.#capture.watch(show)])
    await closeOtherConnections(this.#shop)
  }

  /** Compares the replica with what the tables say now. */
  async verify(): Promise<boolean> {
    const screen = this.#screen
    await this.#capture.settle()
    const comparisons = await compareWithTables(this.#capture.journal.replica.objects, this.#shop)
    const isEqual = comparisons.every(({ unequal }) => unequal.length === 0)
    screen.heading('The replica, kept from the changes alone, and plain SQL over the tables')
    for (const comparison of comparisons) showComparison(screen, comparison)
    screen.line()
    showTotals(screen, this.#entries)
    screen.line()
    if (isEqual) screen.line(['green', 'EQUAL'], ': the replica is what the tables say.')
    else screen.line(['red', 'NOT EQUAL'], ': the replica is not what the tables say.')
    screen.line()
    return isEqual
  }

  async #run(sql: string): Promise<Entry> {
    await this.#shop.query(sql)
    await this.#capture.settle()
    const entry = this.#capture.journal.take()
    this.#entries.push(entry)
    return entry
  }
}
