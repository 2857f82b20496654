import { expect, test } from 'vitest'
import { parseReplicationMessage, standbyStatus } from './replication-message.ts'

const data = (position: bigint, rest: string): Buffer => {
  const head = Buffer.alloc(25)
  head.write('w')
  head.writeBigUInt64BE(position, 1)
  return Buffer.concat([head, Buffer.from(rest)])
}

const keepalive = (walEnd: bigint, reply: number): Buffer => {
  const bytes = Buffer.alloc(18)
  bytes.write('k')
  bytes.writeBigUInt64BE(walEnd, 1)
  bytes[17] = reply
  return bytes
}

test('data and keepalives', () => {
  expect(parseReplicationMessage(data(7n, 'xyz'))).toEqual({ kind: 'data', position: 7n, start: 25 })
  expect(parseReplicationMessage(keepalive(8n, 1))).toEqual({
    kind: 'keepalive',
    walEnd: 8n,
    wantsReply: true,
  })
  expect(parseReplicationMessage(keepalive(8n, 0))).toEqual({
    kind: 'keepalive',
    walEnd: 8n,
    wantsReply: false,
  })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['an unknown tag', Buffer.from('s')],
  ['data cut short', data(1n, '').subarray(0, 24)],
  ['a keepalive cut short', keepalive(1n, 0).subarray(0, 17)],
])('%s is an error', (_, bytes) => {
  expect(() => parseReplicationMessage(bytes)).toThrow(
    expect.objectContaining({ code: 'PGOUTPUT_UNEXPECTED_MESSAGE' }),
  )
})

test('a status says what was received apart from what was confirmed', () => {
  const bytes = standbyStatus(100n, 60n, false)
  expect(bytes.length).toBe(34)
  expect(String.fromCharCode(bytes[0] ?? 0)).toBe('r')
  expect([1, 9, 17].map((offset) => bytes.readBigUInt64BE(offset))).toEqual([100n, 60n, 60n])
  const now = Number(bytes.readBigInt64BE(25)) / 1000 + Date.UTC(2000, 0, 1)
  expect(Math.abs(now - Date.now())).toBeLessThan(1_000)
  expect(bytes[33]).toBe(0)
})

test('received is never told to lie before confirmed', () => {
  const bytes = standbyStatus(10n, 60n, true)
  expect(bytes.readBigUInt64BE(1)).toBe(60n)
  expect(bytes[33]).toBe(1)
})
