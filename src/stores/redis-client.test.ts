import { describe, expect, test } from 'vitest'
import type { RedisClient } from './redis-client.ts'
import { RedisSet } from './redis-set.ts'

const setOn = (client: unknown): RedisSet => new RedisSet({ client: client as RedisClient, key: 'books' })

describe('the client of a RedisSet', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an URL', 'redis://localhost'],
    ['an object', {}],
    ['a client of node-redis 3', { send_command: () => undefined, eval: () => undefined }],
  ])('%s is refused', (_, client) => {
    expect(() => setOn(client)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('ioredis') }),
    )
  })

  test('a script goes by its hash, and as a text only where Redis does not know it', async () => {
    const commands: string[][] = []
    const set = setOn({
      call: async (...command: string[]) => {
        commands.push(command)
        if (command[0] === 'EVALSHA') throw new Error('NOSCRIPT No matching script. Please use EVAL.')
        return 1
      },
    })
    await set.delete(['a'])
    expect(commands.map(([command]) => command)).toEqual(['EVALSHA', 'EVAL'])
    expect(commands[0]![1]).toMatch(/^[0-9a-f]{40}$/)
    expect(commands.map((command) => command.slice(2))).toEqual([
      commands[0]!.slice(2),
      commands[0]!.slice(2),
    ])
  })

  test('another error is not tried again', async () => {
    let calls = 0
    const set = setOn({
      evalSha: async () => {
        calls += 1
        throw new Error('ERR max number of clients reached')
      },
      eval: async () => 1,
    })
    await expect(set.add(['a'])).rejects.toMatchObject({ code: 'SET_COMMAND_FAILED' })
    expect(calls).toBe(1)
  })

  test.each([
    ['QUEUED, as in a transaction', 'QUEUED'],
    ['nothing', null],
    ['a buffer', new Uint8Array(1)],
    ['buffers', ['0', [new Uint8Array(1)]]],
    ['half a reply', ['0']],
    ['buffers in a claim', [new Uint8Array(1), 0, []]],
  ])('a reply of %s is refused', async (_, reply) => {
    const set = setOn({ evalSha: async () => reply, eval: async () => reply })
    const refused = { code: 'SET_REPLY_INVALID' }
    await expect(set.add(['a'])).rejects.toMatchObject(refused)
    await expect(set.claim(1, 1)).rejects.toMatchObject(refused)
    await expect(set.getAll().next()).rejects.toMatchObject(refused)
    await expect(set.acknowledge({ ids: ['a'], token: '1' })).rejects.toMatchObject(refused)
  })

  test.each([1, 1n, '1'])('an integer may come as %o', async (reply) => {
    const set = setOn({ call: async () => reply })
    expect(await set.renew({ ids: ['a'], token: '1' }, 1)).toBe(true)
  })
})
