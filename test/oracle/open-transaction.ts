import pg from 'pg'
import type { Statement, TransactionStep } from './script.ts'

export type TransactionResult = 'committed' | 'rolled back' | 'failed'

/** What became of a statement, for the coverage report. */
export interface StatementResult {
  readonly statement: Statement
  readonly outcome: 'done' | 'undone' | 'failed'
  readonly rows: number
}

/** A transaction whose statements have run. It is still to be ended. */
export class OpenTransaction {
  readonly results: StatementResult[] = []
  readonly #client: pg.Client
  readonly #step: TransactionStep
  #isBroken = false

  private constructor(client: pg.Client, step: TransactionStep) {
    this.#client = client
    this.#step = step
  }

  static async begin(client: pg.Client, step: TransactionStep): Promise<OpenTransaction> {
    const transaction = new OpenTransaction(client, step)
    for (const [index, statement] of step.statements.entries()) {
      const { outcome, rows } = await transaction.#run(statement, index === 0)
      transaction.results.push({ statement, outcome, rows })
      if (transaction.#isBroken) break
    }
    return transaction
  }

  /** Commits if it was to be and can be. `lastSql` is what a commit does last. */
  async end(lastSql: () => string): Promise<TransactionResult> {
    if (this.#isBroken || this.#step.end === 'rollback') {
      await this.#client.query('ROLLBACK')
      return this.#isBroken ? 'failed' : 'rolled back'
    }
    try {
      await this.#client.query(`${lastSql()}; COMMIT`)
      return 'committed'
    } catch (error) {
      // A deferred constraint does not hold. Whatever is no error of the server is one of the oracle.
      if (!(error instanceof pg.DatabaseError)) throw error
      await this.#client.query('ROLLBACK')
      return 'failed'
    }
  }

  /** Runs it with what goes around it in one message: a case has dozens. */
  async #run(
    { sql, mode }: Statement,
    isFirst: boolean,
  ): Promise<{ outcome: StatementResult['outcome']; rows: number }> {
    const before = [
      ...(isFirst ? ['BEGIN'] : []),
      ...(mode === 'plain' ? [] : ['SAVEPOINT before_statement']),
    ]
    const after = mode === 'undone' ? ['ROLLBACK TO before_statement'] : []
    try {
      const all: pg.QueryResult | pg.QueryResult[] = await this.#client.query(
        [...before, sql, ...after].join('; '),
      )
      const result = Array.isArray(all) ? (all as pg.QueryResult[])[before.length] : all
      return { outcome: mode === 'undone' ? 'undone' : 'done', rows: result?.rowCount ?? 0 }
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error
      if (mode === 'plain') this.#isBroken = true
      else await this.#client.query('ROLLBACK TO before_statement')
      return { outcome: 'failed', rows: 0 }
    }
  }
}
