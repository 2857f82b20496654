// Fails when something that this CI run has started still runs, or has left a temporary directory.
// Told by the run's mark in the environment, which every child inherits, and, for servers that overwrite theirs, by the
// working directory or an argument in TMPDIR, which is the run's own. The kernel's /proc is read as a bare Debian has no ps.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const mark = process.env.CI_RUN_MARK
const temporary = process.env.TMPDIR
if (!mark || !temporary)
  throw new Error('CI_RUN_MARK and TMPDIR tell what belongs to the run: call this from .ci/run.')

function attempt(read) {
  try {
    return read()
  } catch {
    return '' // gone meanwhile, or another user's
  }
}

function ancestors() {
  const found = new Set()
  for (let pid = process.pid; pid > 1;) {
    found.add(pid)
    const parent = /^PPid:\s+(\d+)/m.exec(attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8')))
    pid = Number(parent?.[1] ?? 0)
  }
  return found
}

function running() {
  const own = ancestors()
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && !own.has(pid))
    .flatMap((pid) => {
      const environment = attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
      const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
      const folder = attempt(() => readlinkSync(`/proc/${pid}/cwd`))
      const ours = environment.includes(mark) || command.includes(temporary) || folder.startsWith(temporary)
      // A zombie has no command line: it has ended, only its parent has not looked yet.
      return ours && command !== '' ? [`still running: ${pid} ${command}`] : []
    })
}

function directories() {
  return readdirSync(temporary)
    .filter((name) => name.startsWith('pg-capture'))
    .map((name) => `still on disk: ${temporary}/${name}`)
}

let left = [...running(), ...directories()]
// A process that has just been told to end may take a moment.
for (let attempts = 0; left.length > 0 && attempts < 50; attempts++) {
  await sleep(100)
  left = [...running(), ...directories()]
}
for (const line of left) console.error(line)
process.exitCode = left.length > 0 ? 1 : 0
