/** Asks when the answer is first needed, and never again, unless that failed. */
export function askedOnce<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asked: Promise<Answer> | null = null
  return async () => {
    asked ??= ask()
    try {
      return await asked
    } catch (error) {
      asked = null
      throw error
    }
  }
}
