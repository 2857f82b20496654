import { CaptureError } from '../errors/capture-error.ts'
import type { RootId } from '../schema/root-id.ts'

/**
 * Objects have failed so often, while others went through, that they are parked: they are not built until one of their rows
 * changes, or until they are told to. `cause` is why the last one failed.
 *
 * @example
 * ```ts
 * onError: (error) => {
 *   if (error instanceof ObjectsParkedError) page(`${error.ids.length} objects are parked`, error.cause)
 * }
 * ```
 */
export class ObjectsParkedError extends CaptureError {
  /** Of the objects that were parked in this run. They are no part of the message, which holds no row value. */
  readonly ids: readonly RootId[]

  constructor(name: string, ids: readonly RootId[], cause: unknown) {
    super(
      'OBJECTS_PARKED',
      `${ids.length} object(s) of "${name}" failed again and again, while others went through, and are parked: they stay as they ` +
        'are until one of their rows changes. aggregator.parked.list() says which and why, and retry() and drop() of it decide.',
      { cause },
    )
    this.name = 'ObjectsParkedError'
    this.ids = ids
  }
}
