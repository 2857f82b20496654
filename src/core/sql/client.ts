/**
 * What pg-capture needs of a Postgres client: `pg`'s Client or Pool, PGlite, or a thin wrapper of your own. It is only
 * read from, outside of any transaction. With a Pool, statements may run on different connections of **one** server.
 */
export interface QueryClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}
