import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Observer } from './observer.ts'
import { prepareSurroundings } from './surroundings.ts'
import { Worker } from './worker.ts'

// Starts what the two processes need, and them; plays transactions on a bookshop; and compares what the builder keeps in Redis
// with the tables. See README.md.

const patienceMs = 60_000

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => ended.abort(new Error(`ended by ${signal}`)))
}

try {
  process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  console.error(`\nThe example has failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function run(): Promise<boolean> {
  console.log('Servers:')
  const surroundings = await prepareSurroundings()
  const { setting } = surroundings
  const workers: Worker[] = []
  const start = (name: 'handler' | 'builder'): Worker => {
    const worker = new Worker(name, setting, (error) => ended.abort(error))
    workers.push(worker)
    return worker
  }
  const shop = new pg.Client(setting.DATABASE_URL)
  const observer = new Observer(shop, setting)
  try {
    await shop.connect()
    await observer.connect()
    return await play(shop, observer, start)
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    observer.close()
    await shop.end()
    await surroundings.remove()
  }
}

async function play(
  shop: pg.Client,
  observer: Observer,
  start: (name: 'handler' | 'builder') => Worker,
): Promise<boolean> {
  const handler = start('handler')
  const builder = start('builder')
  await until('the handler listens', () => observer.isCaptured())

  console.log('\nAn author with 20 books, in one transaction:')
  await shop.query(`
    INSERT INTO author VALUES ('evans', 'Mary Ann Evans');
    INSERT INTO book SELECT id, 'Volume ' || id, 'evans' FROM generate_series(1, 20) AS id`)
  await until('the replica follows', () => observer.isEqual())

  console.log('\n500 reviews of them, each a transaction:')
  for (let id = 1; id <= 500; id += 1) {
    await shop.query('INSERT INTO review VALUES ($1, $2, $3)', [id, 1 + (id % 20), 1 + (id % 5)])
  }
  await until('the replica follows', () => observer.isEqual())

  console.log(
    '\nThe builder is stopped. Meanwhile the author takes a pen name, and a book goes out of print:',
  )
  await builder.stop()
  await shop.query(`UPDATE author SET name = 'George Eliot'`)
  await shop.query('DELETE FROM book WHERE id = 20')
  await until('the ids wait in Redis', async () => (await observer.pending()) === 20)
  console.log('  20 ids wait in Redis')

  console.log('\nA builder is started again:')
  const next = start('builder')
  await until('the replica follows', () => observer.isEqual())

  console.log('\nBoth are stopped:')
  await handler.stop()
  await next.stop()
  const equal = await observer.isEqual()
  console.log(equal ? '\nEQUAL: the books in Redis are what the tables say.' : '\nNOT EQUAL.')
  return equal
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1_000} seconds until ${what}.`)
    await sleep(20, undefined, { signal: ended.signal }).catch(() => ended.signal.throwIfAborted())
  }
}
