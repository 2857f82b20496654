import { defineSchema, type ObjectOf } from 'pg-capture'
import { expectTypeOf, test } from 'vitest'
import type { DB } from './prisma-kysely.ts'

test('columns as prisma-kysely declares them', () => {
  const schema = defineSchema<DB>()({
    table: 'book',
    primaryKey: 'id',
    where: { id: { gt: 9007199254740993n }, price: '12.50', status: 'published' },
    schema: {
      type: 'object',
      properties: {
        id: { type: 'column', column: 'id' },
        price: { type: 'column', column: 'price' },
        status: { type: 'column', column: 'status' },
        created: { type: 'column', column: 'created_at' },
        details: { type: 'column', column: 'details' },
        cover: { type: 'column', column: 'cover' },
        tags: { type: 'column', column: 'tags' },
        sizes: { type: 'column', column: 'sizes' },
        printed: { type: 'column', column: 'printed' },
        author: {
          type: 'many-to-one',
          column: 'authorId',
          referencesTable: 'author',
          referencesColumn: 'id',
          hasFKConstraint: true,
          schema: { type: 'column', column: 'name' },
        },
      },
    },
  })
  expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
    id: number | string
    price: number | string | null
    status: 'draft' | 'published'
    created: string
    details: unknown
    cover: string | null
    tags: string[]
    sizes: (number | string)[]
    printed: string[]
    author: string
  }>()
})
