import type { CaptureError, CaptureErrorCode } from '../../core/errors/capture-error.ts'

/** What a source tells of itself. Nothing in it has a row value. */
export type SourceEvent =
  | { readonly type: 'publication-created'; readonly publication: string }
  /** From `position` on, every change will be delivered. */
  | { readonly type: 'slot-created'; readonly slot: string; readonly position: string }
  /** The server has begun to send, at the first transaction that was not confirmed. */
  | { readonly type: 'connected'; readonly slot: string; readonly processId: number }
  /** The connection was lost, or another process uses the slot; it is tried again after `delayMs`, for as long as it takes. */
  | {
      readonly type: 'reconnecting'
      readonly attempt: number
      readonly delayMs: number
      readonly error: CaptureError
    }
  /** Another server took over, as after a failover: what the old one had not passed on to it is undone. */
  | { readonly type: 'timeline-changed'; readonly from: string; readonly to: string }
  | { readonly type: 'warning'; readonly code: CaptureErrorCode; readonly message: string }
