import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Ends processes and waits for that without returning to the event loop, as an exit handler must; at most 5 seconds. */
export function endNow(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) send(pid, signal)
  const deadline = Date.now() + 5_000
  for (const pid of pids) {
    while (isRunning(pid) && Date.now() < deadline) sleep(5)
    if (isRunning(pid)) send(pid, 'SIGKILL')
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself in between.
  }
}

/**
 * Whether that process still does something. `kill(pid, 0)` would not do: a zombie answers it, and Node can't reap a
 * child while we block.
 */
export function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') {
    return /^[^Z]/.test(
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim(),
    )
  }
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
