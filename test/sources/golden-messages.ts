import { filesIn, textOf } from '../project/source-tree.ts'

/** A message of a source and the events that it stands for, from a file. */
export interface GoldenMessage<Options> {
  readonly name: string
  readonly about: string
  readonly options: (Options & { readonly inline?: readonly string[] }) | undefined
  /** Of the record that the message is the value of. */
  readonly key: unknown
  /** Where it is a text, a parsed message would have lost digits. */
  readonly message: unknown
  readonly events: readonly unknown[]
}

/** The files of a folder beside this one. */
export function goldenMessages<Options>(folder: string): GoldenMessage<Options>[] {
  return filesIn(`test/sources/${folder}`)
    .filter((path) => path.endsWith('.json'))
    .map((path) => ({ name: path.split('/').at(-1)!.replace('.json', ''), ...JSON.parse(textOf(path)) }))
}

/** The message in each form in which a transport may have it. */
export function formsOf(
  message: unknown,
): readonly (readonly [form: string, message: string | Uint8Array | object])[] {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  const forms: [string, string | Uint8Array | object][] = [
    ['text', text],
    ['bytes', new TextEncoder().encode(text)],
    ['a Buffer', Buffer.from(text)],
  ]
  if (typeof message === 'object' && message !== null) forms.push(['a parsed object', message])
  return forms
}

/** Events as the files have them: rows inherit nothing, and a column that is `undefined` is as good as absent. */
export function plainEvents(events: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(events))
}
