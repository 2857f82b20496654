import type { ColumnType } from 'kysely'

// Tables of a library, as prisma-kysely 3.2 prints them with the options that docs/typescript.md names. Its model:
//
//   model Author {
//     id    Int    @id
//     name  String
//     books Book[]
//     @@map("author")
//   }
//   model Book {
//     id        BigInt   @id @default(autoincrement())
//     title     String?
//     price     Decimal?
//     status    Status   @default(draft)
//     createdAt DateTime @default(now()) @map("created_at")
//     details   Json?
//     cover     Bytes?
//     tags      String[]
//     sizes     BigInt[]
//     printed   DateTime[]
//     authorId  Int
//     author    Author   @relation(fields: [authorId], references: [id])
//     @@map("book")
//   }

export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>
export type Timestamp = ColumnType<Date, Date | string, Date | string>

export const Status = {
  draft: 'draft',
  published: 'published',
} as const
export type Status = (typeof Status)[keyof typeof Status]
export type Author = {
  id: number
  name: string
}
export type Book = {
  id: Generated<ColumnType<string, bigint | number | string>>
  title: string | null
  price: ColumnType<string, number | string> | null
  status: Generated<Status>
  created_at: Generated<Timestamp>
  // oxlint-disable-next-line typescript/no-redundant-type-constituents -- it prints so
  details: unknown | null
  cover: Buffer | null
  tags: string[]
  sizes: ColumnType<string, bigint | number | string>[]
  printed: Timestamp[]
  authorId: number
}
export type DB = {
  author: Author
  book: Book
}
