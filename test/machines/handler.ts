import { connect } from 'amqplib'
import { Redis } from 'ioredis'
import { Capture, CaptureError, EventAggregator, RedisSet } from 'pg-capture'
import { rabbitmqScheduler } from 'pg-capture/schedulers/rabbitmq'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { rootSchemas } from '../faults/bookshop.ts'
import type { MachineMessage, MachineOptions } from './machine-options.ts'

/** Takes row events from a slot, puts ids into the sets and asks for builds. Never builds. */
export async function runHandler(options: MachineOptions, slot: string): Promise<void> {
  const { databaseUrl, redisUrl, rabbitmqUrl, places } = options
  const client = new pg.Pool({ connectionString: databaseUrl, max: 3 })
  const redis = new Redis(redisUrl)
  const rabbitmq = await connect(rabbitmqUrl)
  const say = (message: MachineMessage): unknown => process.send?.(message)
  const capture = new Capture({
    source: new PgoutputSource({
      connection: databaseUrl,
      slot,
      publication: slot,
      onEvent: (event) => {
        if (event.type === 'connected') say('streaming')
      },
    }),
    onError: (error) => {
      if (error instanceof CaptureError && error.code === 'SLOT_IN_USE') say('standing by')
      else console.error(error)
    },
    aggregators: rootSchemas.map(
      (schema) =>
        new EventAggregator({
          schema,
          client,
          idsSet: new RedisSet({ client: redis, key: places[schema.table]!.key }),
          scheduleBuildObjects: rabbitmqScheduler({
            openChannel: () => rabbitmq.createConfirmChannel(),
            queue: places[schema.table]!.queue,
            delayMs: 50,
          }),
        }),
    ),
  })
  await capture.run()
}
