import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EarliestFirst } from './earliest-first.ts'

test('gives in the order of time, whatever the order of calls', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: 'take' as const })), (script) => {
      const queue = new EarliestFirst<string>()
      const model: number[] = []
      for (const step of script) {
        if (step === 'take') {
          queue.removeFirst()
          model.shift()
        } else {
          queue.add(step, `at ${step}`)
          model.push(step)
          model.sort((one, two) => one - two)
        }
        expect(queue.first?.at).toBe(model[0])
        expect(queue.first?.value).toBe(model[0] === undefined ? undefined : `at ${model[0]}`)
      }
    }),
  )
})
