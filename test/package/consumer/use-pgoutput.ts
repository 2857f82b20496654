// Compiled against the installed package together with the types of `pg`.
import { Capture, EventAggregator, RedisSet, type Source } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { Client, Pool } from 'pg'

type Options = ConstructorParameters<typeof PgoutputSource>[0]

export const sourceOf = (options: Options): Source => new PgoutputSource(options)

const schema = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } } as const

export const onClient: EventAggregator = new EventAggregator({ schema, client: new Client() })
export const onPool: EventAggregator = new EventAggregator({ schema, client: new Pool() })
export const parts: readonly unknown[] = [Capture, RedisSet]
