import { help, type Options, readOptions } from './command-line.ts'
import { demonstrate } from './demonstration.ts'
import { Screen } from './screen.ts'
import { exitOnSignals } from './signals.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read us has had enough, as in `npm run demo | head`.
  if (error.code === 'EPIPE') process.exit(141)
  throw error
})

process.exitCode = await main(process.argv.slice(2))

async function main(given: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(given)
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  exitOnSignals()
  try {
    const isEqual = await demonstrate(new Screen(process.stdout, process.env), options)
    return isEqual ? 0 : 1
  } catch (error) {
    process.stderr.write(`\nThe demo has failed: ${messageOf(error)}\n`)
    return 1
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
