import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ServiceName } from '../../services/provide.ts'
import { Observer, type Kept } from './observer.ts'
import type { Setting } from './setting.ts'
import { prepareSurroundings } from './surroundings.ts'
import { Worker } from './worker.ts'

export interface Example {
  /** Where its `handler.ts` and `builder.ts` are. */
  readonly folder: URL
  readonly servers: readonly ServiceName[]
  /** Where its builder keeps the books, and their ids wait. */
  kept(shop: pg.Client, setting: Setting): Kept | Promise<Kept>
}

const patienceMs = 60_000

/**
 * Starts what the two processes of an example need, and them; plays transactions on a bookshop; and compares what the builder
 * keeps with the tables. Sets the exit code.
 */
export async function playExample(example: Example): Promise<void> {
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => ended.abort(new Error(`ended by ${signal}`)))
  }
  try {
    process.exitCode = (await run(example, ended)) ? 0 : 1
  } catch (error) {
    console.error(`\nThe example has failed: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}

async function run(example: Example, ended: AbortController): Promise<boolean> {
  console.log('Servers:')
  const surroundings = await prepareSurroundings(example.servers)
  const { setting } = surroundings
  const workers: Worker[] = []
  const start = (name: 'handler' | 'builder'): Worker => {
    const worker = new Worker(name, example.folder, setting, (error) => ended.abort(error))
    workers.push(worker)
    return worker
  }
  const shop = new pg.Client(setting.DATABASE_URL)
  let kept: Kept | undefined
  try {
    await shop.connect()
    kept = await example.kept(shop, setting)
    return await play(shop, new Observer(shop, setting.SHOP, kept), start, ended.signal)
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    kept?.close()
    await shop.end()
    await surroundings.remove()
  }
}

async function play(
  shop: pg.Client,
  observer: Observer,
  start: (name: 'handler' | 'builder') => Worker,
  ended: AbortSignal,
): Promise<boolean> {
  const handler = start('handler')
  const builder = start('builder')
  await until('the handler listens', () => observer.isCaptured(), ended)

  console.log('\nAn author with 20 books, in one transaction:')
  await shop.query(`
    INSERT INTO author VALUES ('evans', 'Mary Ann Evans');
    INSERT INTO book SELECT id, 'Volume ' || id, 'evans' FROM generate_series(1, 20) AS id`)
  await until('the replica follows', () => observer.isEqual(), ended)

  console.log('\n500 reviews of them, each a transaction:')
  for (let id = 1; id <= 500; id += 1) {
    await shop.query('INSERT INTO review VALUES ($1, $2, $3)', [id, 1 + (id % 20), 1 + (id % 5)])
  }
  await until('the replica follows', () => observer.isEqual(), ended)

  console.log(
    '\nThe builder is stopped. Meanwhile the author takes a pen name, and a book goes out of print:',
  )
  await builder.stop()
  await shop.query(`UPDATE author SET name = 'George Eliot'`)
  await shop.query('DELETE FROM book WHERE id = 20')
  await until('the ids wait', async () => (await observer.pending()) === 20, ended)
  console.log('  20 ids wait in the set')

  console.log('\nA builder is started again:')
  const next = start('builder')
  await until('the replica follows', () => observer.isEqual(), ended)

  console.log('\nBoth are stopped:')
  await handler.stop()
  await next.stop()
  const equal = await observer.isEqual()
  console.log(equal ? '\nEQUAL: the books that the builder keeps are what the tables say.' : '\nNOT EQUAL.')
  return equal
}

async function until(what: string, condition: () => Promise<boolean>, ended: AbortSignal): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1_000} seconds until ${what}.`)
    await sleep(20, undefined, { signal: ended }).catch(() => ended.throwIfAborted())
  }
}
