import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serviceTimeout } from '../support/service-url.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'
import { explore } from './explore.ts'
import { OracleServer } from './oracle-server.ts'
import { runScript } from './run-script.ts'
import { type Breakage, breakages } from './sabotages.ts'

/** An oracle that has not objected by then is blind. */
const ENOUGH_CASES = 1_000
const SECONDS = 200

const database = testDatabase()
const redis = testRedis()
let server: OracleServer

beforeAll(async () => {
  server = await OracleServer.open(database.url, {
    prefix: redis.prefix,
    ioredis: await redis.ioRedis(),
    'node-redis': await redis.nodeRedis(),
  })
}, serviceTimeout)

afterAll(() => server.close())

describe('the oracle objects when', () => {
  test.each(Object.entries<Breakage>(breakages))(
    '%s',
    async (_name, { adapt = (script) => script, sabotage = () => ({}), repair = (script) => script }) => {
      const { failure } = await explore(server, {
        seed: 3000,
        seconds: SECONDS,
        cases: ENOUGH_CASES,
        shrinkSeconds: 0,
        adapt,
        sabotage: (script) => sabotage(script, server),
      })
      if (failure === undefined) return expect.fail('It saw nothing wrong.')
      // And it is the breakage that it sees: without it, the same case is well.
      expect((await runScript(server, repair(failure.script))).problems).toEqual([])
    },
    (SECONDS + 60) * 1_000,
  )
})
