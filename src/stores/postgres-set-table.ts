import { CaptureError } from '../core/errors/capture-error.ts'
import { parseTableName, type TableReference } from '../core/events/table-name.ts'
import {
  byteLength,
  MAX_IDENTIFIER_BYTES,
  quoteIdentifier,
  quoteLiteral,
  quoteTable,
} from '../core/sql/identifier.ts'

/** What belongs to the table of a PostgresSet, quoted for SQL. */
export interface PostgresSetTable {
  readonly table: string
  readonly sequence: string
  /** The next number: of a place in the queue, or of a claim. */
  readonly nextNumber: string
  readonly claimableIndex: string
  readonly flightsIndex: string
  readonly failingIndex: string
}

export const defaultTable = 'pg_capture_pending'

const suffixes = { sequence: '_sequence', claimable: '_claimable', flights: '_flights', failing: '_failing' }
const maxBytes = MAX_IDENTIFIER_BYTES - Math.max(...Object.values(suffixes).map(byteLength))

export function postgresSetTable(reference: TableReference): PostgresSetTable {
  const { schema, table } = parseTableName(reference)
  if (table === '' || byteLength(table) > maxBytes) {
    throw new CaptureError(
      'OPTION_INVALID',
      `"table" needs a name of 1 to ${maxBytes} bytes: the names of its indexes are longer, and Postgres cuts names at ${MAX_IDENTIFIER_BYTES}.`,
    )
  }
  const sequence = quoteTable({ schema, table: table + suffixes.sequence })
  return {
    table: quoteTable({ schema, table }),
    sequence,
    nextNumber: `nextval(${quoteLiteral(sequence).trim()})`,
    claimableIndex: quoteIdentifier(table + suffixes.claimable),
    flightsIndex: quoteIdentifier(table + suffixes.flights),
    failingIndex: quoteIdentifier(table + suffixes.failing),
  }
}
