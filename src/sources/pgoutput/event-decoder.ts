import type { CaptureError } from '../../core/errors/capture-error.ts'
import { tableKey } from '../../core/events/table-name.ts'
import type { WALEvent } from '../../core/events/wal-event.ts'
import { captureTable, type CapturedTable } from './captured-table.ts'
import { formatLsn } from './lsn.ts'
import { parseMessage } from './parse-message.ts'
import type { RequiredTable } from './required-table.ts'
import { isoTime } from './postgres-time.ts'

/** Takes what the decoder finds, in the order of the stream. */
export interface EventReceiver {
  event(event: WALEvent, bytes: number): void
  /** A transaction ended; `position` is the end of its commit record. */
  commit(position: bigint): void
  /** The next UPDATE or DELETE of the table does not tell all old values. What this throws, `decode` throws. */
  oldRowProblem(table: CapturedTable, problem: CaptureError): void
}

/**
 * Turns the messages of one replication connection into row events of the required tables.
 *
 * It remembers the transaction that is open and the tables that the server has described, both of which begin anew with
 * every connection.
 */
export class EventDecoder {
  readonly #requirements: ReadonlyMap<string, RequiredTable>
  readonly #receiver: EventReceiver
  readonly #tables = new Map<number, CapturedTable | null>()
  readonly #layoutOf = (oid: number): CapturedTable | null | undefined => this.#tables.get(oid)
  #inTransaction = false
  #xid = 0
  #lsn = ''
  #commitTime = ''

  constructor(requirements: Iterable<RequiredTable>, receiver: EventReceiver) {
    this.#requirements = new Map(
      Array.from(requirements, (requirement) => [tableKey(requirement), requirement]),
    )
    this.#receiver = receiver
  }

  /** Whether a transaction's rows are arriving whose end has not. */
  get inTransaction(): boolean {
    return this.#inTransaction
  }

  decode(bytes: Buffer, start: number): void {
    const message = parseMessage(bytes, start, this.#layoutOf)
    switch (message.kind) {
      case 'ignored':
        return
      case 'begin':
        this.#inTransaction = true
        this.#xid = message.xid
        // The record's end is told only by the Commit message. A reader that has replayed any byte beyond the record's
        // start has replayed the record, so this position tells the same.
        this.#lsn = formatLsn(message.commitLsn + 1n)
        this.#commitTime = isoTime(message.commitTime)
        return
      case 'commit':
        this.#inTransaction = false
        this.#receiver.commit(message.endLsn)
        return
      case 'relation': {
        const requirement = this.#requirements.get(tableKey(message))
        this.#tables.set(message.oid, requirement ? captureTable(message, requirement) : null)
        return
      }
      case 'insert':
        this.#receiver.event(
          {
            action: 'INSERT',
            schema: message.table.schema,
            table: message.table.table,
            data: message.row,
            xid: this.#xid,
            lsn: this.#lsn,
            commitTime: this.#commitTime,
          },
          bytes.length - start,
        )
        return
      case 'update':
        this.#checkOldRow(message.table)
        this.#receiver.event(
          {
            action: 'UPDATE',
            schema: message.table.schema,
            table: message.table.table,
            data: message.row,
            dataOld: message.oldRow,
            xid: this.#xid,
            lsn: this.#lsn,
            commitTime: this.#commitTime,
          },
          bytes.length - start,
        )
        return
      case 'delete':
        this.#checkOldRow(message.table)
        this.#receiver.event(
          {
            action: 'DELETE',
            schema: message.table.schema,
            table: message.table.table,
            dataOld: message.oldRow,
            xid: this.#xid,
            lsn: this.#lsn,
            commitTime: this.#commitTime,
          },
          bytes.length - start,
        )
        return
      case 'truncate':
        for (const oid of message.oids) this.#truncate(oid)
        return
      default:
        message satisfies never
    }
  }

  #truncate(oid: number): void {
    const table = this.#tables.get(oid)
    if (!table) return
    this.#receiver.event(
      {
        action: 'TRUNCATE',
        schema: table.schema,
        table: table.table,
        xid: this.#xid,
        lsn: this.#lsn,
        commitTime: this.#commitTime,
      },
      1,
    )
  }

  #checkOldRow(table: CapturedTable): void {
    if (table.oldRowProblem) this.#receiver.oldRowProblem(table, table.oldRowProblem)
  }
}
