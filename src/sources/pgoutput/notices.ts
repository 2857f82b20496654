import type { CaptureError } from '../../core/errors/capture-error.ts'
import { tellFailure } from '../../core/errors/tell-failure.ts'
import type { SourceEvent } from './source-event.ts'
import type { PgoutputSourceOptions } from './source-options.ts'

/** What a source tells of its way, beside the events of its stream. */
export class Notices {
  readonly #options: Pick<Required<PgoutputSourceOptions>, 'slot' | 'oldRow' | 'onEvent'>
  readonly #warned = new Set<string>()
  #onError: ((error: unknown) => void) | undefined

  constructor(options: Required<PgoutputSourceOptions>) {
    this.#options = options
    this.#onError = options.onError
  }

  /** Names who hears of failures where the options name nobody. */
  tellUnlessTold(onError: ((error: unknown) => void) | undefined): void {
    this.#onError ??= onError
  }

  happened(event: SourceEvent): void {
    this.#options.onEvent(event)
  }

  /** Tells what went wrong and is tried again. */
  failed(error: CaptureError): void {
    tellFailure(this.#onError, `the source "${this.#options.slot}" goes on`, error)
  }

  warn(warning: CaptureError): void {
    this.failed(warning)
    this.happened({ type: 'warning', code: warning.code, message: warning.message })
  }

  /** Tells a warning once, or throws it where old rows are required. */
  warnOnce(warning: CaptureError): void {
    const isOldRow = warning.code === 'REPLICA_IDENTITY_INSUFFICIENT' || warning.code === 'COLUMN_MISSING'
    if (isOldRow && this.#options.oldRow === 'require') throw warning
    if (this.#warned.has(warning.message)) return
    this.#warned.add(warning.message)
    this.warn(warning)
  }
}
