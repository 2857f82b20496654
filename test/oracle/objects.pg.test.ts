import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serviceTimeout } from '../support/service-url.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'
import { readBudget } from './budget.ts'
import { describeScript } from './describe-script.ts'
import { explore } from './explore.ts'
import { unmet } from './observe.ts'
import { OracleServer } from './oracle-server.ts'
import { fileRegression, readRegressions } from './regressions.ts'
import { runScript } from './run-script.ts'

const budget = readBudget(process.env)

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

describe('the replica that onChange built equals an independent evaluation', () => {
  test.each(readRegressions())('in the case filed as $name', async ({ script }) => {
    expect((await runScript(server, script)).problems).toEqual([])
  })

  test(
    'in random cases',
    async () => {
      const startedAt = performance.now()
      const { coverage, failure } = await explore(server, budget)
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
      console.log(`The oracle, seed ${budget.seed}, ${seconds} s:\n${coverage.report()}`)
      if (budget.report !== undefined) writeFileSync(budget.report, coverage.toJson())
      if (failure !== undefined) {
        const { script, problems, seed, path, casesBefore } = failure
        const file = fileRegression(`found-${seed}`, { problems, script })
        const found = `Found after ${casesBefore} cases (fast-check: seed ${seed}, path ${path}), filed as ${file}`
        expect.fail([...problems, describeScript(script), found].join('\n'))
      }
      expect(unmet(coverage)).toEqual([])
    },
    (budget.seconds + 240) * 1_000,
  )
})
