// A user's ES module: Node resolves the installed package, not the source.
import assert from 'node:assert/strict'
import {
  buildSchemaQuery,
  CaptureError,
  EventAggregator,
  getRootIdsFromEvent,
  InMemorySet,
  RedisSet,
} from 'pg-capture'

const schema = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } }

assert.match(buildSchemaQuery(schema, ['foo']).toQuery().text, /FROM "book"/)
const event = { action: 'INSERT', table: 'book', data: { id: 'foo', title: 'Emma' } }
assert.deepEqual(getRootIdsFromEvent(schema, event).ids, ['foo'])
assert.ok(new InMemorySet())
assert.equal(typeof RedisSet, 'function')
assert.throws(() => new EventAggregator({ schema: { ...schema, table: '' }, client: {} }), CaptureError)

const tried = await import('pg').then(
  () => true,
  () => false,
)
if (process.argv[2] === 'without-pg') {
  assert.equal(tried, false, 'pg should not be installed here')
} else {
  const pgoutput = await import('pg-capture/sources/pgoutput')
  assert.equal(typeof pgoutput.PgoutputSource, 'function')
}
