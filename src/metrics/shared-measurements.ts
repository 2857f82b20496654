import type { FigureName } from '../core/monitoring/figures.ts'
import type { Measured, Measurement } from '../core/monitoring/measurement.ts'

/** Gives the measurements of one figure. Questions that come while the answer to one is awaited share it. */
export function sharedMeasurements(
  of: readonly Measured[],
): (name: FigureName) => Promise<readonly Measurement[]> {
  let asking: Promise<readonly Measurement[]> | undefined
  return async (name) => {
    asking ??= Promise.all(of.map((measured) => measured.measure()))
      .then((all) => all.flat())
      .finally(() => {
        asking = undefined
      })
    const measurements = await asking
    return measurements.filter((measurement) => measurement.name === name)
  }
}
