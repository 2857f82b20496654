import { Logger, makeWorkerUtils } from 'graphile-worker'
import { beforeAll, describe, onTestFinished, test } from 'vitest'
import { requestBuilds, serveBuilds } from '../../examples/two-workers-graphile-worker/build-requests.ts'
import { testDatabase } from '../support/postgres.ts'
import { serviceTimeout, serviceUrl } from '../support/service-url.ts'
import { testBuildRequests } from './build-requests.ts'
import { expectEqualReplica } from './expect-equal-replica.ts'

const database = testDatabase()
let postgres = ''
let tasks = 0

beforeAll(async () => {
  postgres = await serviceUrl('postgres')
}, serviceTimeout)

describe('build requests over graphile-worker', () => {
  testBuildRequests(async () => {
    const task = `build_${(tasks += 1)}`
    const quiet = new Logger(() => () => undefined)
    const utils = await makeWorkerUtils({ connectionString: database.url, logger: quiet })
    onTestFinished(() => utils.release())
    await utils.migrate()
    return {
      request: requestBuilds(utils, task, 100),
      serve: (aggregator, options) => serveBuilds(database.url, task, aggregator, options),
    }
  })
})

test('the example of two processes with graphile-worker ends with a replica that is equal, and leaves nothing on the server', async () => {
  await expectEqualReplica('two-workers-graphile-worker', postgres)
}, 120_000)
