import { buildSchemaQuery, getRootIdsFromEvent, type RootSchema } from 'pg-capture'
import { expect } from 'vitest'
import { textOf } from '../project/source-tree.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { GalleryCapture, type Objects, type Outcome } from './gallery-capture.ts'
import { printedJson } from './printed-json.ts'
import { inOrder, printedOutcome } from './printed-outcome.ts'
import { printedSql } from './printed-sql.ts'
import { normalSql } from './same-sql.ts'
import { schemaOf } from './schema-of.ts'

interface Block {
  readonly language: string
  readonly code: string
  /** A block behind a `<summary>` shows SQL of pg-capture. */
  readonly folded: boolean
  readonly from: number
  readonly to: number
}

/**
 * A page of the gallery. What a block is follows from where it stands:
 *
 * - `sql` before the first `ts`: the tables; later: a change;
 * - `ts`: a schema, which all that follows is about;
 * - `json`: its objects;
 * - `text`: what `onChange` got of the change above;
 * - `sql` behind a `<summary>`: the queries that found the ids of the change above, or before any change the one that builds.
 */
export class GalleryPage {
  readonly path: string
  readonly #text: string
  readonly #blocks: readonly Block[]

  constructor(path: string) {
    this.path = path
    this.#text = textOf(path)
    this.#blocks = [...this.#text.matchAll(/(<\/summary>\n\n)?^```(\w+)\n(.*?)\n```$/gms)].map((match) => {
      const [whole, summary, language = '', code = ''] = match
      const to = match.index + whole.length - '\n```'.length
      return { language, code, folded: summary !== undefined, from: to - code.length, to }
    })
  }

  /** The SQL that makes the tables. */
  get tables(): string {
    const first = this.#blocks.findIndex(({ language }) => language === 'ts')
    return this.#blocks
      .slice(0, first)
      .map(({ code }) => code)
      .join('\n')
  }

  /** The page with what really comes out, in place of what it says. */
  async played(database: TestDatabase): Promise<string> {
    const blocks = this.#blocks.slice(this.#blocks.findIndex(({ language }) => language === 'ts'))
    const schemas = new Map<Block, RootSchema>()
    for (const block of blocks) if (block.language === 'ts') schemas.set(block, await schemaOf(block.code))
    const capture = new GalleryCapture(database, [...schemas.values()])
    await capture.start()
    try {
      const page = await this.#playedBlocks(blocks, schemas, capture)
      await capture.expectToHaveConverged()
      return page
    } finally {
      await capture.stop()
    }
  }

  async #playedBlocks(
    blocks: readonly Block[],
    schemas: ReadonlyMap<Block, RootSchema>,
    capture: GalleryCapture,
  ): Promise<string> {
    let schema = schemas.get(blocks[0]!)!
    let outcome: Outcome | undefined
    let page = this.#text.slice(0, blocks[0]!.from)
    for (const [at, block] of blocks.entries()) {
      page += await result(block)
      page += this.#text.slice(block.to, blocks[at + 1]?.from)
    }
    return page

    async function result(block: Block): Promise<string> {
      const { language, code, folded } = block
      if (language === 'ts') {
        schema = schemas.get(block)!
        outcome = undefined
        return code
      }
      if (language === 'json') return printedJson(shown(capture.objects(schema)))
      if (language === 'text') return printedOutcome(outcome!)
      if (folded)
        return outcome === undefined ? buildQuery(schema, capture.objects(schema)) : lookUps(schema, outcome)
      outcome = await capture.commit(code, schema)
      return code
    }
  }
}

function shown(objects: Objects): unknown {
  return inOrder([...objects.keys()]).map((id) => objects.get(id))
}

function buildQuery(schema: RootSchema, objects: Objects): string {
  const [one] = objects.values()
  return readable(buildSchemaQuery(schema, [one?.id]).toQuery().text)
}

function lookUps(schema: RootSchema, { events }: Outcome): string {
  const queries = events.flatMap((event) => getRootIdsFromEvent(schema, event).query?.toString() ?? [])
  return [...new Set(queries)].map(readable).join(';\n\n')
}

function readable(sql: string): string {
  const printed = printedSql(sql)
  expect(normalSql(printed)).toBe(normalSql(sql))
  return printed
}
