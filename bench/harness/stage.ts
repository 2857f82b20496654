import pg from 'pg'
import { provide } from '../../services/provide.ts'
import { type BookshopSize, fillBookshop } from '../bookshop.ts'
import type { Stage } from './bench-table.ts'

export interface OpenStage extends Stage {
  /** Ends the connections of a benchmark. */
  leave(): Promise<void>
  close(): Promise<void>
}

/** Finds or starts a Postgres and fills a database of its own there. */
export async function openStage(
  size: BookshopSize,
  isFull: boolean,
  tell: (step: string) => void,
): Promise<OpenStage> {
  const service = await provide('postgres')
  const name = `pg_capture_bench_${process.pid}`
  tell(service.report)
  const onServer = async (statement: string): Promise<void> => {
    const client = new pg.Client(service.url)
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await onServer(`create database ${name}`)
  const url = new URL(service.url)
  url.pathname = `/${name}`
  const clients: pg.Client[] = []
  const stage: OpenStage = {
    url: url.href,
    size,
    isFull,
    tell,
    async connect(options = {}) {
      const client = new pg.Client({ connectionString: url.href, ...options })
      clients.push(client)
      await client.connect()
      return client
    },
    async leave() {
      await Promise.all(clients.splice(0).map((client) => client.end()))
    },
    async close() {
      await stage.leave()
      await onServer(`drop database ${name} with (force)`)
      await service.stop()
    },
  }
  try {
    tell(`filling ${size.books.toLocaleString('en')} books, ${size.reviews.toLocaleString('en')} reviews`)
    await fillBookshop(await stage.connect(), size)
    await stage.leave()
    return stage
  } catch (error) {
    await stage.close()
    throw error
  }
}
