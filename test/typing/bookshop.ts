import type { ColumnType } from 'kysely'

// Tables of a bookshop, and their interface as kysely-codegen 0.20 prints it.

export const bookshopTables = `
  create schema stock;
  create type status as enum ('draft', 'published');
  create table author (id int primary key, name text not null, born date);
  create table book (
    id int8 primary key,
    title text not null,
    subtitle text,
    "authorId" int not null references author,
    editor_id int references author,
    price numeric(20,2),
    weight float8,
    status status not null default 'draft',
    created_at timestamptz not null default now(),
    details jsonb,
    tags text[] not null,
    sizes int8[],
    cover bytea,
    loan interval,
    available boolean not null
  );
  create table stock.copy (book_id int8 not null references book, number int, shelf text, primary key (book_id, number));
  create table stock.loan (book_id int8 not null, number int not null, reader text, foreign key (book_id, number) references stock.copy);

  insert into author values (1, 'Jane', '1775-12-16'), (2, 'Cassandra', null);
  insert into book values
    (9007199254740993, 'Emma', null, 1, null, 123456789012345678.12, 1.5, 'published', '2026-01-31 12:00+00', '{"a": [1, null]}', '{x}', '{9007199254740993,1}', '\\x00ff', '2 days', true),
    (8, 'Sanditon', 'A Fragment', 1, 2, 12.5, null, 'draft', '2026-01-31 12:00+00', 'null', '{}', null, null, null, false);
  insert into stock.copy values (8, 1, 'A'), (8, 2, null);
  insert into stock.loan values (8, 1, 'Ann'), (8, 1, null);`

type ArrayType<T> = ArrayTypeImpl<T> extends (infer U)[] ? U[] : ArrayTypeImpl<T>

type ArrayTypeImpl<T> = T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S[], I[], U[]> : T[]

type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>

type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>

type Interval = ColumnType<
  IPostgresInterval,
  IPostgresInterval | number | string,
  IPostgresInterval | number | string
>

/** Of the package `postgres-interval`. */
interface IPostgresInterval {
  years?: number
  days?: number
  milliseconds?: number
  toPostgres(): string
  toISO(): string
  toISOString(): string
}

type Json = JsonValue

type JsonArray = JsonValue[]

type JsonObject = { [x: string]: JsonValue | undefined }

type JsonPrimitive = boolean | number | string | null

export type JsonValue = JsonArray | JsonObject | JsonPrimitive

type Numeric = ColumnType<string, number | string, number | string>

type Status = 'draft' | 'published'

type Timestamp = ColumnType<Date, Date | string, Date | string>

interface Author {
  born: Timestamp | null
  id: number
  name: string
}

interface Book {
  authorId: number
  available: boolean
  cover: Buffer | null
  created_at: Generated<Timestamp>
  details: Json | null
  editor_id: number | null
  id: Int8
  loan: Interval | null
  price: Numeric | null
  sizes: ArrayType<Int8> | null
  status: Generated<Status>
  subtitle: string | null
  tags: string[]
  title: string
  weight: number | null
}

interface StockCopy {
  book_id: Int8
  number: number
  shelf: string | null
}

interface StockLoan {
  book_id: Int8
  number: number
  reader: string | null
}

export interface Bookshop {
  author: Author
  book: Book
  'stock.copy': StockCopy
  'stock.loan': StockLoan
}
