import type { QueryClient } from 'pg-capture'

/** A client that notes its statements, and can be told to wait or to fail. */
export class NotingClient implements QueryClient {
  readonly statements: string[] = []
  /** Apart from those that ask whether tables are views: they are sent once, with the first event that matters. */
  readonly kinds: string[] = []
  /** Is awaited before each statement is sent; what it throws, the statement fails with. */
  before: (text: string) => unknown = () => undefined
  /** Is awaited before the result of a statement is given back. */
  after: (text: string) => unknown = () => undefined
  readonly #client: QueryClient

  constructor(client: QueryClient) {
    this.#client = client
  }

  async query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
    if (text.includes('relkind')) {
      this.kinds.push(text)
      return this.#client.query(text, values)
    }
    this.statements.push(text)
    await this.before(text)
    const result = await this.#client.query(text, values)
    await this.after(text)
    return result
  }

  /** The statements that read objects. */
  get builds(): string[] {
    return this.statements.filter(
      (text) => text.includes('pg_current_snapshot()') && text.includes('"object"'),
    )
  }

  /** The statements that find root ids. */
  get lookUps(): string[] {
    const others = new Set([...this.builds, ...this.looks])
    return this.statements.filter((text) => !others.has(text))
  }

  /** The statements that ask which transactions are visible. */
  get looks(): string[] {
    return this.statements.filter((text) => text.includes('pg_is_in_recovery()'))
  }
}
