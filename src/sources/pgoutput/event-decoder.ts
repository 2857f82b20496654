import type { CaptureError } from '../../core/errors/capture-error.ts'
import type { WALEvent } from '../../core/events/wal-event.ts'
import type { CapturedTable } from './captured-table.ts'
import { CapturedTables } from './captured-tables.ts'
import { formatLsn } from './lsn.ts'
import { oldRowAbsent } from './old-row-problem.ts'
import { parseMessage } from './parse-message.ts'
import { isoTime } from './postgres-time.ts'
import type { RequiredTable } from './required-table.ts'

/** Takes what the decoder finds, in the order of the stream. */
export interface EventReceiver {
  event(event: WALEvent, bytes: number): void
  /** A transaction ended; `position` is the end of its commit record. */
  commit(position: bigint): void
  /** An UPDATE or DELETE does not tell all old values. What this throws, `decode` throws. */
  oldRowProblem(problem: CaptureError): void
}

/**
 * Turns the messages of one replication connection into row events of the required tables.
 *
 * It remembers the transaction that is open and the tables that the server has described; both begin anew with every
 * connection.
 */
export class EventDecoder {
  readonly #receiver: EventReceiver
  readonly #tables: CapturedTables
  readonly #layoutOf = (oid: number): CapturedTable | null | undefined => this.#tables.ofRow(oid)
  #inTransaction = false
  #xid = 0
  #lsn = ''
  #commitTime = ''

  constructor(required: Iterable<RequiredTable>, receiver: EventReceiver) {
    this.#tables = new CapturedTables(required)
    this.#receiver = receiver
  }

  /** Whether a transaction has begun whose end has not come. */
  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /** Takes one message of pgoutput, that begins at `start`. */
  decode(bytes: Buffer, start: number): void {
    const message = parseMessage(bytes, start, this.#layoutOf)
    switch (message.kind) {
      case 'insert':
        return this.#emit('INSERT', message.table, message.row, undefined, bytes.length - start)
      case 'update': {
        const { table, row, oldRow } = message
        this.#checkOldRow(table)
        if (table.hasFullOldRows && !oldRow) this.#receiver.oldRowProblem(oldRowAbsent(table))
        return this.#emit('UPDATE', table, row, oldRow, bytes.length - start)
      }
      case 'delete':
        this.#checkOldRow(message.table)
        return this.#emit('DELETE', message.table, undefined, message.oldRow, bytes.length - start)
      case 'truncate':
        for (const oid of message.oids) {
          const table = this.#tables.ofTruncate(oid)
          if (table) this.#emit('TRUNCATE', table, undefined, undefined, 0)
        }
        return
      case 'begin':
        this.#inTransaction = true
        this.#xid = message.xid
        // Only the Commit message tells where the commit record ends. But whoever has replayed a byte beyond the
        // record's start has replayed the record, so this position says the same, and says it to all rows alike.
        this.#lsn = formatLsn(message.commitLsn + 1n)
        this.#commitTime = isoTime(message.commitTime)
        return
      case 'commit':
        this.#inTransaction = false
        return this.#receiver.commit(message.endLsn)
      case 'relation':
        return this.#tables.describe(message)
      case 'ignored':
        return
      default:
        message satisfies never
    }
  }

  #emit(
    action: WALEvent['action'],
    table: CapturedTable,
    data: WALEvent['data'],
    dataOld: WALEvent['dataOld'],
    bytes: number,
  ): void {
    const event = {
      action,
      schema: table.schema,
      table: table.table,
      data,
      dataOld,
      xid: this.#xid,
      lsn: this.#lsn,
      commitTime: this.#commitTime,
    }
    this.#receiver.event(event as WALEvent, bytes)
  }

  #checkOldRow(table: CapturedTable): void {
    if (table.oldRowProblem) this.#receiver.oldRowProblem(table.oldRowProblem)
  }
}
