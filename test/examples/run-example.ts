import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `main.ts` of an example to its end. Rejects where the exit code is not 0. `shop` is what its database, slot and keys are named after. */
export async function runExample(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ stdout: string; stderr: string; shop: string }> {
  const program = ['--import', 'tsx', `examples/${folder}/main.ts`]
  const running = run(process.execPath, program, { cwd: root, env: { ...process.env, ...environment } })
  const { stdout, stderr } = await running
  return { stdout, stderr, shop: `bookshop_${running.child.pid}` }
}
