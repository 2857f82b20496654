import type { WALEvent } from 'pg-capture'

/** The index of the first event of the transaction to which the event at `index` belongs. */
export function transactionStart(events: readonly WALEvent[], index: number): number {
  const xid = events[index]?.xid
  let start = index
  while (start > 0 && xid !== undefined && events[start - 1]?.xid === xid) start -= 1
  return start
}

/** The index from which a source delivers again that goes back so many transactions. */
export function backBy(events: readonly WALEvent[], index: number, transactions: number): number {
  let start = index
  for (let left = transactions; left > 0 && start > 0; left -= 1) start = transactionStart(events, start - 1)
  return start
}
