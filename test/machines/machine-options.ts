/** What a process is told of the world, as JSON in its first argument. */
export interface MachineOptions {
  /** Names the process in what it emits. */
  readonly name: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly rabbitmqUrl: string
  /** By the table of its root, where the ids of a schema wait and what queue says when to build them. */
  readonly places: Readonly<Record<string, { readonly key: string; readonly queue: string }>>
  /** Of a handler: the slot that it reads. A process without one builds. */
  readonly slot?: string
}

/** What a process says. */
export type MachineMessage =
  /** A handler streams from its slot. */
  | 'streaming'
  /** A handler waits for its slot, which another one uses. */
  | 'standing by'
  /** A builder is in its onChange. */
  | 'emitting'
