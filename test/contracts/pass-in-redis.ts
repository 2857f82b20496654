import type { Redis } from 'ioredis'

/** Moves all times of a RedisSet, whose keys stand beside `{key}` where it has no hash tag itself, into the past, as if the time had passed. */
export async function passInRedis(inspector: Redis, name: string, ms: number): Promise<void> {
  const key = name.includes('{') ? name : `{${name}}`
  for (const part of ['flights', 'failing']) {
    const ids = await inspector.zrange(`${key}:${part}`, '0', '-1')
    for (const id of ids) await inspector.zincrby(`${key}:${part}`, -ms, id)
  }
  for (const [id, value] of Object.entries(await inspector.hgetall(`${key}:failures`))) {
    const [, attempts, first, error] = /^(\d+) (\S+) (.*)$/s.exec(value)!
    await inspector.hset(`${key}:failures`, id, `${attempts} ${Number(first) - ms} ${error}`)
  }
  if (await inspector.exists(`${key}:since`)) await inspector.incrbyfloat(`${key}:since`, -ms)
}
