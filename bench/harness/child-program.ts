import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'

/** Starts a program of `bench/children`, that gets its task as JSON. */
export function startChild(name: string, task: unknown): ChildProcess {
  const program = join(dirname(process.argv[1] as string), 'children', `${name}.mjs`)
  return fork(program, [JSON.stringify(task)], { execArgv: ['--expose-gc', '--enable-source-maps'] })
}

/** The next message of a child. @throws Error where it ends without one. */
export async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  const ended = new AbortController()
  // Its exit may be heard of before its last message.
  child.once('disconnect', () => ended.abort())
  try {
    const [message] = (await once(child, 'message', { signal: ended.signal })) as [Message]
    return message
  } catch (error) {
    throw new Error(`${child.spawnfile} ${child.spawnargs[1] ?? ''} has ended without an answer`, {
      cause: error,
    })
  }
}
