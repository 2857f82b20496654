import { describe, expect, test, vi } from 'vitest'
import { RedisMemoryPolicy } from './redis-memory-policy.ts'

function make(...replies: unknown[]) {
  let now = 1_000
  const run = vi.fn(async () => {
    const reply = replies.length > 1 ? replies.shift() : replies[0]
    if (reply instanceof Error) throw reply
    return reply
  })
  const policy = new RedisMemoryPolicy(run, ['books'], () => now)
  return { run, policy, pass: (ms: number) => void (now += ms) }
}

describe('RedisMemoryPolicy', () => {
  test.each(['noeviction', 'volatile-lru', 'volatile-ttl', '', null])('%o is let be', async (reply) => {
    await expect(make(reply).policy.refuseEviction()).resolves.toBeUndefined()
  })

  test.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])(
    '%s is refused, with the fix',
    async (reply) => {
      await expect(make(reply).policy.refuseEviction()).rejects.toMatchObject({
        code: 'SET_EVICTS',
        message: expect.stringMatching(
          new RegExp(`"${reply}".*"books".*CONFIG SET maxmemory-policy noeviction$`),
        ),
      })
    },
  )

  test('it is looked up once a minute, however many ask', async () => {
    const { run, policy, pass } = make('noeviction')
    await Promise.all([policy.refuseEviction(), policy.refuseEviction()])
    pass(59_999)
    await policy.refuseEviction()
    expect(run).toHaveBeenCalledTimes(1)
    pass(1)
    await policy.refuseEviction()
    expect(run).toHaveBeenCalledTimes(2)
  })

  test('one that becomes bad is noticed, one that is mended is believed at once', async () => {
    const { policy, pass } = make('noeviction', 'allkeys-lru', 'allkeys-lru', 'noeviction')
    await policy.refuseEviction()
    pass(60_000)
    await expect(policy.refuseEviction()).rejects.toMatchObject({ code: 'SET_EVICTS' })
    await expect(policy.refuseEviction()).rejects.toMatchObject({ code: 'SET_EVICTS' })
    await policy.refuseEviction()
  })

  test('what could not be asked is asked again', async () => {
    const { policy } = make(new Error('lost'), 'allkeys-lru')
    await expect(policy.refuseEviction()).rejects.toThrow('lost')
    await expect(policy.refuseEviction()).rejects.toMatchObject({ code: 'SET_EVICTS' })
  })
})
