import { parseArgs } from 'node:util'

export interface Options {
  readonly full: boolean
  /** Names of benchmarks; none for all. */
  readonly only: readonly string[]
  readonly help: boolean
  /** Writes the documents by the last full run, and measures nothing. */
  readonly docs: boolean
  /** Whether results are kept. */
  readonly save: boolean
}

/** @throws TypeError that names what is wrong. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      'no-save': { type: 'boolean', default: false },
    },
  })
  const only = values.only.flatMap((list) => list.split(','))
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new TypeError(`There is no benchmark "${unknown}"; there are: ${names.join(', ')}.`)
  return { full: values.full, only, help: values.help, docs: values.docs, save: !values['no-save'] }
}
