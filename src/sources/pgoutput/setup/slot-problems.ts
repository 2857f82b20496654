import { CaptureError } from '../../../core/errors/capture-error.ts'
import type { SlotFacts } from './database-facts.ts'

/** Why an existing slot can't serve. */
export function findSlotProblems(slot: SlotFacts, database: string, name: string): CaptureError[] {
  const advice = `Choose another slot name, or run: ${dropSlotSql(name)}`
  if (slot.slot_type !== 'logical' || slot.plugin !== 'pgoutput') {
    const kind = slot.slot_type === 'logical' ? `for the plugin ${slot.plugin}` : `a ${slot.slot_type} one`
    return [
      new CaptureError(
        'SLOT_WRONG_PLUGIN',
        `Replication slot "${name}" is ${kind}, not for pgoutput. ${advice}`,
      ),
    ]
  }
  if (slot.database !== database) {
    const text = `Replication slot "${name}" belongs to database "${slot.database}", not to "${database}". ${advice}`
    return [new CaptureError('SLOT_WRONG_PLUGIN', text)]
  }
  return slot.wal_status === 'lost' ? [slotLost(name)] : []
}

export function dropSlotSql(slot: string): string {
  return `SELECT pg_drop_replication_slot('${slot}');`
}

function slotLost(slot: string): CaptureError {
  return new CaptureError(
    'SLOT_LOST',
    `Replication slot "${slot}" is lost: the server has removed WAL that was not confirmed, so changes are missing for ` +
      `good. Run: ${dropSlotSql(slot)} Then start again and rebuild every object.`,
  )
}

/** The slot is not there, and with it the changes since it was last seen. */
export function slotGone(slot: string, how: string, cause?: unknown): CaptureError {
  return new CaptureError(
    'SLOT_MISSING',
    `Replication slot "${slot}" is gone (${how}): changes since then are lost to this source. ` +
      'Start again with a new slot and rebuild every object.',
    cause === undefined ? undefined : { cause },
  )
}
