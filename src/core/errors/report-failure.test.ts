import { afterEach, describe, expect, test, vi } from 'vitest'
import { CaptureError } from './capture-error.ts'
import { reportFailure } from './report-failure.ts'

const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
afterEach(() => printed.mockClear())

function report(error: unknown): unknown {
  reportFailure('a build failed', error)
  expect(printed).toHaveBeenCalledOnce()
  return printed.mock.calls[0]
}

describe('reportFailure', () => {
  test("prints one of pg-capture's own messages, which hold no row value", () => {
    const error = new CaptureError('LEASE_LOST', 'The lease is lost.', { cause: new Error('secret') })
    expect(report(error)).toEqual(['pg-capture: a build failed: LEASE_LOST: The lease is lost.'])
  })

  test.each([
    ['an Error', new Error('secret'), 'Error'],
    ['an error of a class of its own', new RangeError('secret'), 'RangeError'],
    ["a driver's error, with its code", Object.assign(new Error('secret'), { code: '23505' }), 'Error 23505'],
    ['an error whose code is no text', Object.assign(new Error('secret'), { code: { secret: 1 } }), 'Error'],
    ['a text', 'secret', 'something that is no Error was thrown'],
    ['nothing', undefined, 'something that is no Error was thrown'],
  ])('prints of %s but its kind', (_, error, kind) => {
    expect(report(error)).toEqual([`pg-capture: a build failed: ${kind} (pass onError to see it)`])
  })
})

describe('CaptureError', () => {
  test('has a code to branch on, a name, and what lies beneath', () => {
    const cause = new Error('beneath')
    const error = new CaptureError('SLOT_LOST', 'The slot is gone.', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'CaptureError',
      code: 'SLOT_LOST',
      message: 'The slot is gone.',
      cause,
    })
    expect(new CaptureError('SLOT_LOST', 'x')).not.toHaveProperty('cause')
  })
})
