import { readFileSync } from 'node:fs'
import { Redis as IoRedis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { allOf, failedOf } from '../testing/ids-set-under-test.ts'
import { type OwnRedis, ownRedis } from '../../test/contracts/own-redis.ts'
import { serviceTimeout } from '../../test/support/service-url.ts'
import type { CaptureError } from '../core/errors/capture-error.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisSet } from './redis-set.ts'

const lease = 60_000
const range = (length: number): string[] => Array.from({ length }, (_, at) => String(at))

const failureOf = (call: Promise<unknown>): Promise<CaptureError | undefined> =>
  call.then(
    () => undefined,
    (error: CaptureError) => error,
  )

type Connect = (url: string) => Promise<{ client: RedisClient; close: () => void }>

const connectors: Record<string, Connect> = {
  ioredis: async (url) => {
    const client = new IoRedis(url, { lazyConnect: true, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  'node-redis': async (url) => {
    const client = createClient({ url, socket: { reconnectStrategy: () => 20 } })
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: () => client.destroy() }
  },
}

describe.each(Object.keys(connectors))('RedisSet on %s, and a Redis that fails', (name) => {
  const closes: (() => void)[] = []
  let redis: OwnRedis
  let set: RedisSet
  let client: RedisClient

  beforeAll(async () => {
    redis = await ownRedis({ appendonly: 'yes', appendfsync: 'always' })
    const connected = await connectors[name]!(redis.url)
    closes.push(connected.close)
    client = connected.client
  }, serviceTimeout)

  beforeEach(async () => {
    await redis.admin('FLUSHALL')
    set = new RedisSet({ client, key: 'books' })
  })

  afterAll(async () => {
    for (const close of closes) close()
    await redis.stop()
  })

  test('scripts that Redis has forgotten are sent again', async () => {
    await set.add(['a', 'b'])
    const claim = await set.claim(1, lease)
    await redis.admin('SCRIPT', 'FLUSH')
    expect(await set.renew(claim, lease)).toBe(true)
    await redis.admin('SCRIPT', 'FLUSH')
    await set.acknowledge(claim)
    await redis.admin('SCRIPT', 'FLUSH')
    expect((await set.claim(2, lease)).ids.length).toBe(1)
  })

  test('calls go on after a crash and restart, and claims hold where Redis keeps its data', async () => {
    await set.add(['a', 'b', 'c'])
    const before = await set.claim(2, lease)
    await redis.kill()
    const during = failureOf(set.add(['d']))
    await redis.restart()
    // Whether the call waits for the connection or fails is up to the client; if it fails, it says so.
    const failure = await during
    expect([undefined, 'SET_COMMAND_FAILED']).toContain(failure?.code)
    const after = await set.claim(5, lease)
    const rest = ['a', 'b', 'c', ...(failure ? [] : ['d'])].filter((id) => !before.ids.includes(id))
    expect([...after.ids].sort()).toEqual(rest)
    expect(BigInt(after.token)).toBeGreaterThan(BigInt(before.token))
    await set.acknowledge(before)
    await set.release(after)
    expect(await allOf(set)).toEqual(rest)
  })

  test('where Redis has lost its data, a late claimer can do nothing to a new one', async () => {
    await set.add(['a'])
    const lost = await set.claim(1, lease)
    await redis.admin('FLUSHALL')
    await set.add(['a'])
    const current = await set.claim(1, lease)
    await set.acknowledge(lost)
    expect(await set.renew(lost, lease)).toBe(false)
    expect(await set.renew(current, lease)).toBe(true)
  })

  test('a claim that fails half way gives back what it has taken', async () => {
    await set.add(range(1_500))
    let calls = 0
    const breaking: RedisClient = {
      call: async (command, ...args) => {
        calls += 1
        // The first asks for the policy.
        if (calls === 3) throw new Error('Connection is closed.')
        return redis.admin(command, ...args)
      },
    }
    const claiming = new RedisSet({ client: breaking, key: 'books' }).claim(1_500, lease)
    await expect(claiming).rejects.toMatchObject({
      code: 'SET_COMMAND_FAILED',
      cause: new Error('Connection is closed.'),
    })
    expect((await set.claim(1_500, lease)).ids.length).toBe(1_500)
  })

  test('a claim of several steps has a greater token than what was claimed between them', async () => {
    await set.add(range(2_500))
    const tokens: bigint[] = []
    let steps = 0
    const interrupted: RedisClient = {
      call: async (command, ...args) => {
        if (command === 'EVALSHA') steps += 1
        // After the first step of the claim; the one before looks up the policy.
        if (steps === 3 && tokens.length === 0) {
          const between = await set.claim(100, lease)
          tokens.push(BigInt(between.token))
          await set.release(between)
        }
        return redis.admin(command, ...args)
      },
    }
    const claim = await new RedisSet({ client: interrupted, key: 'books' }).claim(2_500, lease)
    expect(claim.ids.length).toBe(2_500)
    expect(tokens.length).toBe(1)
    expect(BigInt(claim.token)).toBeGreaterThan(tokens[0]!)
    expect(await set.renew(claim, lease)).toBe(true)
    await set.acknowledge(claim)
    expect(await set.backlog()).toMatchObject({ pending: 0, inFlight: 0 })
  })

  test('a full Redis refuses to add, and can be drained', async () => {
    const ids = range(2_000)
    await set.add(ids)
    const claim = await set.claim(500, lease)
    await redis.admin('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await redis.admin('CONFIG', 'SET', 'maxmemory', '1')
    try {
      await expect(set.add(['new'])).rejects.toMatchObject({
        code: 'SET_COMMAND_FAILED',
        message: expect.stringMatching(/"add" .*"books": OOM/),
      })
      expect(await set.renew(claim, lease)).toBe(true)
      await set.release({ ...claim, ids: claim.ids.slice(0, 250) })
      await set.acknowledge(claim)
      let drained = 0
      for (;;) {
        const next = await set.claim(400, lease)
        if (next.ids.length === 0) break
        await set.acknowledge(next)
        drained += next.ids.length
      }
      expect(drained).toBe(1_750)
    } finally {
      await redis.admin('CONFIG', 'SET', 'maxmemory', '0')
    }
    expect(await allOf(set)).toEqual([])
  })

  test.each([
    ['as it is', []],
    ['where INFO may not be called', ['-info']],
  ])('%s, a Redis that evicts any key is refused, unless it does not tell', async (_, rights) => {
    const acl = ['ACL', 'SETUSER', 'evicting', 'reset', 'on', '>secret', '~*', '+@all', ...rights]
    await redis.admin(...acl)
    const { client: user, close } = await connectors[name]!(redis.url.replace('//', '//evicting:secret@'))
    const tells = rights.length === 0
    const make = (): RedisSet => new RedisSet({ client: user, key: 'books' })
    const using = make()
    await using.add(['a'])
    const claim = await using.claim(1, lease)
    try {
      for (const policy of ['allkeys-lru', 'allkeys-random']) {
        await redis.admin('CONFIG', 'SET', 'maxmemory-policy', policy)
        const refusal = tells ? { code: 'SET_EVICTS', message: expect.stringContaining(policy) } : undefined
        const fresh = make()
        expect(await failureOf(fresh.add(['b']))).toEqual(refusal && expect.objectContaining(refusal))
        expect(await failureOf(fresh.claim(1, lease))).toEqual(refusal && expect.objectContaining(refusal))
        // Flights that are under way can end.
        expect(await using.renew(claim, lease)).toBe(true)
      }
      await using.acknowledge(claim)
      const mended = make()
      expect((await failureOf(mended.add(['c'])))?.code).toBe(tells ? 'SET_EVICTS' : undefined)
      await redis.admin('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru')
      await mended.add(['c'])
    } finally {
      await redis.admin('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      close()
    }
  })

  test('an error names the step, the key and the reason, and no id', async () => {
    await redis.admin('SET', 'books', 'something else')
    const calls = {
      add: () => set.add(['secret']),
      delete: () => set.delete(['secret']),
      getAll: () => allOf(set),
      claim: () => set.claim(1, lease),
    }
    for (const [step, call] of Object.entries(calls)) {
      const error = await failureOf(call())
      expect(error).toMatchObject({ code: 'SET_COMMAND_FAILED', cause: expect.any(Error) })
      expect(error?.message).toContain(`"${step}" (EVALSHA) on the key "books": WRONGTYPE`)
      expect(error?.message).not.toContain('secret')
    }
  })

  test.each(['flights', 'tokens', 'again', 'sequence', 'failing', 'failures'])(
    'no id is lost when "%s" is in use for something else',
    async (part) => {
      await set.add(range(50))
      await set.acknowledge(await set.claim(10, lease))
      const flight = await set.claim(10, lease)
      await set.add([flight.ids[0]!])
      const pending = await allOf(set)
      await redis.admin('DEL', `{books}:${part}`)
      await redis.admin(
        ...(part === 'sequence' ? ['SADD', '{books}:sequence', 'x'] : ['SET', `{books}:${part}`, 'x']),
      )
      await expect(set.claim(50, lease)).rejects.toMatchObject({
        message: expect.stringContaining('WRONGTYPE'),
      })
      await redis.admin('DEL', `{books}:${part}`)
      const left = new Set([...(await allOf(set)), ...flight.ids])
      expect([...left].sort()).toEqual([...new Set([...pending, ...flight.ids])].sort())
    },
  )

  test('no id is lost, or held for ever, where the user may not call every command', async () => {
    await set.add(range(20))
    for (const denied of ['zadd', 'hset', 'set', 'srem', 'sadd', 'hdel', 'zrem']) {
      await redis.admin(
        'ACL',
        'SETUSER',
        'limited',
        'reset',
        'on',
        '>secret',
        '~*',
        '&*',
        '+@all',
        `-${denied}`,
      )
      const { client: limited, close } = await connectors[name]!(redis.url.replace('//', '//limited:secret@'))
      const poor = new RedisSet({ client: limited, key: 'books' })
      const refused = await failureOf(poor.claim(5, 1).then((claim) => poor.release(claim)))
      expect(refused?.message, denied).toContain('NOPERM')
      close()
    }
    await expect
      .poll(async () => {
        const { ids } = await set.claim(100, 1)
        return [...ids].sort()
      })
      .toEqual(range(20).sort())
  })

  test('the rights that docs/sets.md lists are enough, and none of them is idle', async () => {
    const page = readFileSync(new URL('../../docs/sets.md', import.meta.url), 'utf8')
    const rights = /`(\+eval [^`]+)`/.exec(page)?.[1]?.split(' ') ?? []
    expect(rights.length).toBeGreaterThan(10)
    const keys = ['~books', '~{books}:*']
    await redis.admin(
      'ACL',
      'SETUSER',
      'fitting',
      'reset',
      'on',
      '>secret',
      ...keys,
      '+@connection',
      '+info',
      ...rights,
    )
    const { client: fitting, close } = await connectors[name]!(redis.url.replace('//', '//fitting:secret@'))
    const allowed = new RedisSet({ client: fitting, key: 'books' })
    await redis.admin('CONFIG', 'RESETSTAT')
    await redis.admin('SCRIPT', 'FLUSH')

    await allowed.add(['a', 'b', 'c', 'd'])
    const claim = await allowed.claim(4, lease)
    await allowed.add(claim.ids)
    await allowed.claim(4, lease)
    for await (const ids of allowed.inFlight()) expect(ids).toHaveLength(4)
    expect(await allowed.renew(claim, lease)).toBe(true)
    expect(await allowed.acknowledge({ ...claim, ids: ['a', 'b'] })).toBe(true)
    await allowed.release(claim)
    await allowed.claim(4, 1)
    const expired = await vi.waitUntil(async () => {
      const next = await allowed.claim(4, lease)
      return next.ids.length === 4 && next
    })
    await allowed.release(expired, { error: 'none', retryInMs: 0 })
    const failing = await allowed.claim(4, lease)
    await allowed.release({ ...failing, ids: failing.ids.slice(2) }, { error: 'late', retryInMs: 1 })
    await allowed.release(failing, { error: 'bad', retryInMs: null })
    expect((await allowed.backlog()).parked).toBe(2)
    expect((await failedOf(allowed)).length).toBeGreaterThan(0)
    await vi.waitUntil(async () => (await allowed.claim(4, lease)).ids.length === 2)
    await allowed.delete(['a', 'b', 'c', 'd'])
    await allOf(allowed)
    close()

    const used = String(await redis.admin('INFO', 'commandstats'))
    expect(rights.filter((right) => !used.includes(`cmdstat_${right.slice(1)}:`))).toEqual([])
  })
})
