import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { Redis } from 'ioredis'
import { EventAggregator, RedisSet } from 'pg-capture'
import { consumeBuilds } from 'pg-capture/schedulers/rabbitmq'
import pg from 'pg'
import { rootSchemas } from '../faults/bookshop.ts'
import type { MachineMessage, MachineOptions } from './machine-options.ts'

/** The ids of a builder that is killed wait for its end; yet a machine that is busy must not miss it. */
const leaseMs = 4_000

const append = `
  INSERT INTO emission (builder, version, kind, id, object)
  SELECT $1, $2, $3, id, object FROM json_to_recordset($4) AS change (id text, object json)`

/** Builds what is pending and appends it to a log, which takes everything: no version is compared. */
export async function runBuilder(options: MachineOptions): Promise<void> {
  const { databaseUrl, redisUrl, rabbitmqUrl, places, name } = options
  const client = new pg.Pool({ connectionString: databaseUrl, max: 3 })
  const redis = new Redis(redisUrl)
  const rabbitmq = await connect(rabbitmqUrl)
  const say = (message: MachineMessage): unknown => process.send?.(message)
  for (const schema of rootSchemas) {
    consumeBuilds({
      openChannel: () => rabbitmq.createChannel(),
      queue: places[schema.table]!.queue,
      sweepMs: 500,
      aggregator: new EventAggregator({
        schema,
        client,
        idsSet: new RedisSet({ client: redis, key: places[schema.table]!.key }),
        leaseMs,
        batchSize: 20,
        onChange: async ({ upsert, delete: deleted, version }) => {
          say('emitting')
          // Long enough to be killed in.
          await sleep(20)
          const changes = [...upsert, ...deleted.map((id) => ({ id, object: null }))]
          await client.query(append, [name, version, schema.table, JSON.stringify(changes)])
        },
      }),
    })
  }
}
