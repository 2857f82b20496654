import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Changes } from 'pg-capture'
import { onTestFinished } from 'vitest'
import type { BuilderOptions } from './builder-process.ts'

export interface BuilderProcess {
  /** Lets it build what is pending and resolves to what it emitted. */
  build(): Promise<Changes[]>
  /** Lets it build and resolves when its `onChange` holds the objects, where it stays. */
  holdInOnChange(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/** Starts a real second process that builds the books of `library.ts`; it is ended after the test. */
export async function startBuilder(options: BuilderOptions): Promise<BuilderProcess> {
  const child = fork(
    fileURLToPath(new URL('builder-process.ts', import.meta.url)),
    [JSON.stringify(options)],
    {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    },
  )
  onTestFinished(() => kill(child))
  await reply(child)

  const ask = (): Promise<unknown> => {
    const answer = reply(child)
    child.send('build')
    return answer
  }
  return {
    async build() {
      const answer = await ask()
      if (Array.isArray(answer)) return answer as Changes[]
      throw new Error('The builder failed', { cause: answer })
    },
    async holdInOnChange() {
      await ask()
    },
    kill: () => kill(child),
  }
}

async function reply(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  const [message] = (await once(child, 'message', { signal: ended.signal })) as [unknown]
  return message
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
