import { expect, test } from 'vitest'
import { inTurn } from './in-turn.ts'

test('tasks run one after the other, in the order of the calls', async () => {
  const run = inTurn()
  const log: string[] = []
  const task = (name: string, ms: number) => async () => {
    log.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, ms))
    log.push(`${name} ends`)
    return name
  }
  expect(await Promise.all([run(task('a', 5)), run(task('b', 1))])).toEqual(['a', 'b'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('a task that fails, at once or later, fails alone', async () => {
  const run = inTurn()
  const failures = [
    run(() => {
      throw new Error('at once')
    }),
    run(async () => {
      throw new Error('later')
    }),
  ]
  const after = run(() => 'done')
  await expect(failures[0]).rejects.toThrow('at once')
  await expect(failures[1]).rejects.toThrow('later')
  expect(await after).toBe('done')
})
