/** A column of a Relation message. */
export interface RelationColumn {
  readonly name: string
  /** Part of the replica identity; under `FULL` every column is. */
  readonly isKey: boolean
  readonly typeOid: number
  readonly typeModifier: number
}

/** `pg_class.relreplident`: d(efault), n(othing), f(ull), i(ndex). */
export type ReplicaIdentity = 'd' | 'n' | 'f' | 'i'

/** A table as it is from here on in the stream. Postgres sends it before the table's first change, and again after DDL. */
export interface RelationMessage {
  readonly kind: 'relation'
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly replicaIdentity: ReplicaIdentity
  readonly columns: readonly RelationColumn[]
}

export interface BeginMessage {
  readonly kind: 'begin'
  /** Where the transaction's commit record starts. */
  readonly commitLsn: bigint
  /** Microseconds since 2000-01-01 UTC. */
  readonly commitTime: bigint
  readonly xid: number
}

export interface CommitMessage {
  readonly kind: 'commit'
  readonly commitLsn: bigint
  /** Where the commit record ends: the position to confirm. */
  readonly endLsn: bigint
  readonly commitTime: bigint
}

export interface TruncateMessage {
  readonly kind: 'truncate'
  readonly oids: readonly number[]
}

/** Column name to text; `null` is NULL, an absent column was not sent. */
export type Row = Record<string, string | null>

export interface InsertMessage<Table> {
  readonly kind: 'insert'
  readonly table: Table
  readonly row: Row
}

export interface UpdateMessage<Table> {
  readonly kind: 'update'
  readonly table: Table
  readonly oldRow: Row | undefined
  readonly row: Row
}

export interface DeleteMessage<Table> {
  readonly kind: 'delete'
  readonly table: Table
  readonly oldRow: Row
}

/** A message that carries nothing for row events: Type, Origin, a logical message, a row of a table nobody reads. */
export interface IgnoredMessage {
  readonly kind: 'ignored'
}

export type PgoutputMessage<Table> =
  | BeginMessage
  | CommitMessage
  | RelationMessage
  | InsertMessage<Table>
  | UpdateMessage<Table>
  | DeleteMessage<Table>
  | TruncateMessage
  | IgnoredMessage
