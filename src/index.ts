export type { BackfillOptions, BackfillProgress } from './core/aggregator/backfill.ts'
export type { Changes, Truncation } from './core/aggregator/changes.ts'
export {
  type BuildCallback,
  EventAggregator,
  type EventAggregatorOptions,
} from './core/aggregator/event-aggregator.ts'
export type { UnpositionedEvents } from './core/aggregator/visibility-fence.ts'
export {
  buildRegularly,
  type BuildRegularlyOptions,
  type RegularBuilds,
} from './core/capture/build-regularly.ts'
export { ObjectsParkedError } from './core/aggregator/objects-parked-error.ts'
export type { ParkedObject, ParkedObjects } from './core/aggregator/parked-objects.ts'
export { Capture, type CapturedAggregator, type CaptureOptions } from './core/capture/capture.ts'
export type {
  EventChunk,
  Source,
  SourceStatus,
  StreamOptions,
  TableRequirement,
} from './core/capture/source.ts'
export { CaptureError, type CaptureErrorCode } from './core/errors/capture-error.ts'
export { renameTables } from './core/events/rename-tables.ts'
export type { TableReference } from './core/events/table-name.ts'
export type {
  DeleteEvent,
  EventOrigin,
  EventRow,
  InsertEvent,
  TruncateEvent,
  UpdateEvent,
  WALEvent,
} from './core/events/wal-event.ts'
export type { Health, HealthCode, HealthLimits, HealthReason, HealthState } from './core/monitoring/health.ts'
export type { Measured, Measurement } from './core/monitoring/measurement.ts'
export { watchHealth, type WatchHealthOptions } from './core/monitoring/watch-health.ts'
export { buildSchemaQuery } from './core/objects/build-schema-query.ts'
export type {
  Backlog,
  Claim,
  ClaimingIdsSet,
  FailedId,
  Failure,
  IdsSet,
  PastFailures,
} from './core/pending/ids-set.ts'
export { InMemorySet, type InMemorySetOptions } from './core/pending/in-memory-set.ts'
export { getRootIdsFromEvent, type RootIds } from './core/root-ids/get-root-ids-from-event.ts'
export type { ColumnTest, Condition, ConditionValue } from './core/schema/condition.ts'
export { defineSchema } from './core/schema/define-schema.ts'
export {
  introspection,
  type Introspection,
  type OutputTree,
  type TableColumns,
} from './core/schema/introspection.ts'
export type { RootId } from './core/schema/root-id.ts'
export type {
  AggregateFunction,
  AggregateSchema,
  ColumnSchema,
  ExpressionSchema,
  Key,
  ManyToOneSchema,
  ObjectSchema,
  OneToManySchema,
  Order,
  RootSchema,
  Schema,
} from './core/schema/schema.ts'
export { SchemaError, type SchemaIssue } from './core/schema/schema-error.ts'
export type { IdOf, ObjectOf, TypedSchema } from './core/schema/typed-schema.ts'
export type { QueryClient } from './core/sql/client.ts'
export { type NamingClient, prepared } from './core/sql/prepared.ts'
export { QueryBuilder } from './core/sql/query-builder.ts'
export type { RedisClient } from './stores/redis-client.ts'
export { RedisSet, type RedisSetOptions } from './stores/redis-set.ts'
