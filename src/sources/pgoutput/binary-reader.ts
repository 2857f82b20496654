import { CaptureError } from '../../core/errors/capture-error.ts'

const SHORT_TEXT = 8

/** Reads the fields of one pgoutput message. A field that ends behind the message throws `PGOUTPUT_UNEXPECTED_MESSAGE`. */
export class BinaryReader {
  readonly #bytes: Buffer
  readonly #start: number
  #offset: number

  constructor(bytes: Buffer, start = 0) {
    this.#bytes = bytes
    this.#start = start
    this.#offset = start
  }

  /** Position in the message, its tag being byte 0. */
  get offset(): number {
    return this.#offset - this.#start
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length
  }

  uint8(): number {
    const at = this.#advance(1)
    return this.#bytes.readUInt8(at)
  }

  uint16(): number {
    const at = this.#advance(2)
    return this.#bytes.readUInt16BE(at)
  }

  int32(): number {
    const at = this.#advance(4)
    return this.#bytes.readInt32BE(at)
  }

  uint32(): number {
    const at = this.#advance(4)
    return this.#bytes.readUInt32BE(at)
  }

  uint64(): bigint {
    const at = this.#advance(8)
    return this.#bytes.readBigUInt64BE(at)
  }

  int64(): bigint {
    const at = this.#advance(8)
    return this.#bytes.readBigInt64BE(at)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Text that ends with a zero byte. */
  terminatedText(): string {
    const start = this.#offset
    const end = this.#bytes.indexOf(0, start)
    if (end < 0) this.#fail('ends inside a name')
    this.#offset = end + 1
    return this.#bytes.toString('utf8', start, end)
  }

  /** Text of a known number of bytes. */
  text(length: number): string {
    const start = this.#advance(length)
    const end = start + length
    // One call into the engine's native decoder costs more than the bytes of a short value.
    if (length <= SHORT_TEXT) {
      let text = ''
      for (let at = start; at < end; at++) {
        const byte = this.#bytes[at] as number
        if (byte > 0x7f) return this.#bytes.toString('utf8', start, end)
        text += String.fromCharCode(byte)
      }
      return text
    }
    return this.#bytes.toString('utf8', start, end)
  }

  #advance(length: number): number {
    const at = this.#offset
    const next = at + length
    if (length < 0) this.#fail(`has a field of ${length} bytes`)
    if (next > this.#bytes.length) this.#fail('is truncated')
    this.#offset = next
    return at
  }

  #fail(what: string): never {
    const tag = this.#bytes.toString('latin1', this.#start, this.#start + 1)
    throw new CaptureError(
      'PGOUTPUT_UNEXPECTED_MESSAGE',
      `pgoutput message "${tag}" ${what} at byte ${this.offset} of ${this.#bytes.length - this.#start}. ` +
        'Something between Postgres and this process altered the replication stream.',
    )
  }
}
