/**
 * A value in an encoding of its source that can be compared, but is no text that Postgres reads back as the same value. As a
 * key it is refused.
 */
export class EncodedValue {
  readonly encoded: unknown
  /** What to set so that it comes in another form: a part of an error message. */
  readonly remedy: string

  constructor(encoded: unknown, remedy: string) {
    this.encoded = encoded
    this.remedy = remedy
  }
}
