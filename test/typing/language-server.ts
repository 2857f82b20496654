import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { absolute } from '../project/source-tree.ts'

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly items?: readonly unknown[] }
  readonly result?: { readonly items?: readonly { readonly label: string }[] } | null
}

/** What an editor talks to: the server that the TypeScript in use brings along. */
export class LanguageServer {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers = new Map<number, (message: Message) => void>()
  #received: Buffer = Buffer.alloc(0)
  #lastId = 0

  constructor() {
    const compiler = absolute('node_modules/typescript/bin/tsc')
    this.#process = spawn(process.execPath, [compiler, '--lsp', '--stdio'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      for (let message = this.#next(); message !== null; message = this.#next()) this.#take(message)
    })
  }

  async start(): Promise<void> {
    await this.#ask('initialize', { processId: process.pid, rootUri: null, capabilities: {} })
    this.#send({ method: 'initialized', params: {} })
  }

  open(uri: string, text: string): void {
    this.#send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
    })
  }

  /** What it offers at a place; lines and characters count from 0. */
  async completions(uri: string, position: { line: number; character: number }): Promise<string[]> {
    const { result } = await this.#ask('textDocument/completion', { textDocument: { uri }, position })
    return (result?.items ?? []).map(({ label }) => label)
  }

  /** It is a child of the process that is seen here, and a signal would leave it running. */
  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit')
    await this.#ask('shutdown', undefined)
    this.#send({ method: 'exit' })
    this.#process.stdin.end()
    await exited
  }

  #ask(method: string, params: unknown): Promise<Message> {
    this.#lastId += 1
    const id = this.#lastId
    this.#send({ id, method, params })
    return new Promise((resolve) => this.#answers.set(id, resolve))
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #next(): Message | null {
    const end = this.#received.indexOf('\r\n\r\n')
    const header = this.#received.subarray(0, Math.max(0, end)).toString()
    const length = Number(/Content-Length: (\d+)/i.exec(header)?.[1])
    if (end === -1 || this.#received.length < end + 4 + length) return null
    const body = this.#received.subarray(end + 4, end + 4 + length).toString()
    this.#received = this.#received.subarray(end + 4 + length)
    return JSON.parse(body) as Message
  }

  #take({ id, method, params, ...message }: Message): void {
    if (method === undefined) this.#answers.get(Number(id))?.(message)
    // It asks for the editor's settings, of which there are none.
    else if (id !== undefined) this.#send({ id, result: params?.items?.map(() => null) ?? null })
  }
}
