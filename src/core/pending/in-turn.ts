/**
 * Makes a queue: each task begins when the one before it has ended, well or badly.
 *
 * @example
 * ```ts
 * const run = inTurn()
 * await Promise.all([run(() => set.add(ids)), run(() => set.delete(ids))]) // the delete waits for the add
 * ```
 */
export function inTurn(): <T>(task: () => T | PromiseLike<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task)
    last = result.catch(() => undefined)
    return result
  }
}
