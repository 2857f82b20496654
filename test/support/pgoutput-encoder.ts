/** The server's side of pgoutput, after the documentation alone, so that the decoder is tested against something else. */

export type EncodedValue = string | null | { readonly unchanged: true }
export const unchanged: EncodedValue = { unchanged: true }

export interface EncodedColumn {
  readonly name: string
  readonly isKey?: boolean
}

const int = (bytes: 1 | 2 | 4, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

const int64 = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt.asIntN(64, value))
  return buffer
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const tuple = (values: readonly EncodedValue[]): Buffer =>
  Buffer.concat([int(2, values.length), ...values.flatMap((value) => encodeValue(value))])

function encodeValue(value: EncodedValue): Buffer[] {
  if (value === null) return [Buffer.from('n')]
  if (typeof value === 'object') return [Buffer.from('u')]
  const bytes = Buffer.from(value)
  return [Buffer.from('t'), int(4, bytes.length), bytes]
}

export const encode = {
  begin: (commitLsn: bigint, commitTime: bigint, xid: number): Buffer =>
    Buffer.concat([Buffer.from('B'), int64(commitLsn), int64(commitTime), int(4, xid)]),

  commit: (commitLsn: bigint, endLsn: bigint, commitTime: bigint): Buffer =>
    Buffer.concat([Buffer.from('C'), int(1, 0), int64(commitLsn), int64(endLsn), int64(commitTime)]),

  relation: (
    oid: number,
    schema: string,
    table: string,
    identity: string,
    columns: readonly EncodedColumn[],
  ): Buffer =>
    Buffer.concat([
      Buffer.from('R'),
      int(4, oid),
      text(schema),
      text(table),
      Buffer.from(identity),
      int(2, columns.length),
      ...columns.flatMap(({ name, isKey }) => [
        int(1, isKey ? 1 : 0),
        text(name),
        int(4, 25),
        int(4, 0xffffffff),
      ]),
    ]),

  insert: (oid: number, values: readonly EncodedValue[]): Buffer =>
    Buffer.concat([Buffer.from('I'), int(4, oid), Buffer.from('N'), tuple(values)]),

  update: (
    oid: number,
    values: readonly EncodedValue[],
    old?: { readonly kind: 'K' | 'O'; readonly values: readonly EncodedValue[] },
  ): Buffer =>
    Buffer.concat([
      Buffer.from('U'),
      int(4, oid),
      ...(old ? [Buffer.from(old.kind), tuple(old.values)] : []),
      Buffer.from('N'),
      tuple(values),
    ]),

  delete: (oid: number, kind: 'K' | 'O', values: readonly EncodedValue[]): Buffer =>
    Buffer.concat([Buffer.from('D'), int(4, oid), Buffer.from(kind), tuple(values)]),

  truncate: (oids: readonly number[], flags = 0): Buffer =>
    Buffer.concat([Buffer.from('T'), int(4, oids.length), int(1, flags), ...oids.map((oid) => int(4, oid))]),

  type: (oid: number, schema: string, name: string): Buffer =>
    Buffer.concat([Buffer.from('Y'), int(4, oid), text(schema), text(name)]),

  origin: (lsn: bigint, name: string): Buffer => Buffer.concat([Buffer.from('O'), int64(lsn), text(name)]),

  logicalMessage: (lsn: bigint, prefix: string, content: string): Buffer =>
    Buffer.concat([
      Buffer.from('M'),
      int(1, 1),
      int64(lsn),
      text(prefix),
      int(4, Buffer.byteLength(content)),
      Buffer.from(content),
    ]),
} as const
