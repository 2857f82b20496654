import { keptInRedis } from '../stage/kept-in-redis.ts'
import { playExample } from '../stage/play-example.ts'

await playExample({
  folder: new URL('.', import.meta.url),
  servers: ['postgres', 'redis'],
  kept: (_, setting) => keptInRedis(setting),
})
