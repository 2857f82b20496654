import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Each line on its input lists the processes that now run; when the input ends, we have died without cleaning up. */
const script = `
trap '' INT TERM HUP
pids=
while read -r line; do pids=$line; done
[ -n "$pids" ] && kill -s "$2" $pids 2>/dev/null
tries=0
while [ -n "$pids" ] && kill -0 $pids 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -n "$pids" ] && kill -s KILL $pids 2>/dev/null
rm -rf "$1"
`

/**
 * A small shell process that outlives us. When we are killed by SIGKILL, which no handler sees, it ends the processes
 * that it was told of and removes their directory. Without it (no `/bin/sh`) everything works but this.
 */
export class Guard {
  readonly #shell: ChildProcess

  constructor(directory: string, killSignal: NodeJS.Signals) {
    const parameters = ['pg-capture-guard', directory, killSignal.replace('SIG', '')]
    const shell = spawn('/bin/sh', ['-c', script, ...parameters], {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    shell.on('error', () => undefined)
    shell.stdin.on('error', () => undefined)
    shell.unref()
    ;(shell.stdin as Socket).unref()
    this.#shell = shell
  }

  watch(pids: readonly number[]): void {
    this.#shell.stdin?.write(`${pids.join(' ')}\n`)
  }

  /** Ends the guard and waits until it is gone: its work is done. */
  async dismiss(): Promise<void> {
    if (this.#shell.pid === undefined || this.#shell.exitCode !== null) return
    const exit = once(this.#shell, 'exit')
    this.#shell.ref()
    this.dismissNow()
    await exit
  }

  dismissNow(): void {
    this.#shell.kill('SIGKILL')
  }
}
