import { expect, test } from 'vitest'
import { testRedis } from './redis.ts'

const redis = testRedis()

test('both clients speak to one server, and find the keys of this file only', async () => {
  const node = await redis.nodeRedis()
  const io = await redis.ioRedis()
  await node.set(`${redis.prefix}a`, '1')
  expect(await io.get(`${redis.prefix}a`)).toBe('1')
  await io.sadd(`${redis.prefix}b`, ['x'])
  expect(await redis.keys()).toEqual([`${redis.prefix}a`, `${redis.prefix}b`])
})
