import { CaptureError } from '../../../core/errors/capture-error.ts'
import type { Connection } from '../connection.ts'

export interface TimelineChange {
  readonly from: string
  readonly to: string
}

/** Notices when another server answers than at the connection before. */
export class ServerIdentity {
  #system: string | undefined
  #timeline: string | undefined

  /** Gives the change of timeline, as after a failover, if there was one. Throws `SLOT_LOST` at another cluster. */
  async update(connection: Connection): Promise<TimelineChange | undefined> {
    const [row] = await connection.query('IDENTIFY_SYSTEM')
    const system = row?.['systemid'] ?? ''
    const timeline = row?.['timeline'] ?? ''
    if (this.#system !== undefined && this.#system !== system) {
      throw new CaptureError(
        'SLOT_LOST',
        'Another database cluster answers than before, so it is unknown which changes are missing. ' +
          'Start again with a new slot and rebuild every object.',
      )
    }
    const from = this.#timeline
    this.#system = system
    this.#timeline = timeline
    return from === undefined || from === timeline ? undefined : { from, to: timeline }
  }
}
