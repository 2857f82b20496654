import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readBudget } from './budget.ts'

const usage = 'npm run oracle -- [--minutes 30] [--seed 1]'

/** Runs the oracle alone, for longer than the tests do: `npm run oracle -- --minutes 30 --seed 1`. */
function main(): void {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
  })
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    ORACLE_SECONDS: String(60 * Number(values.minutes)),
    ...(values.seed !== undefined && { ORACLE_SEED: values.seed }),
  }
  // Refuses here what the test would refuse later.
  readBudget(environment)
  const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
  const child = spawn(process.execPath, [vitest, 'run', 'test/oracle/objects.pg.test.ts'], {
    env: environment,
    stdio: 'inherit',
  })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

try {
  main()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`)
  process.exitCode = 1
}
