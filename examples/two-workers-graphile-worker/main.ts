import { keptInPostgres } from '../stage/kept-in-postgres.ts'
import { playExample } from '../stage/play-example.ts'

await playExample({
  folder: new URL('.', import.meta.url),
  servers: ['postgres'],
  kept: (shop) => keptInPostgres(shop),
})
