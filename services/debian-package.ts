import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { onProcessEnd } from './on-process-end.ts'

const minutes = 3

/**
 * Installs a Debian package, when this machine has `apt-get` and we are root. The package's own service is not started:
 * only its binary is wanted.
 *
 * @returns undefined when it is installed, else the reason why not.
 */
export async function installDebianPackage(name: string): Promise<string | undefined> {
  if (!existsSync('/usr/bin/apt-get')) return 'this machine has no apt-get'
  if (process.getuid?.() !== 0) return 'only root may install packages'
  const allowServices = forbidServices()
  try {
    // The lists of a fresh container are empty, those of an old machine out of date: then update them, and once more.
    if ((await aptGet(['install', name])) === undefined) return undefined
    return (await aptGet(['update'])) ?? (await aptGet(['install', name]))
  } finally {
    allowServices()
  }
}

/** @returns undefined, or what went wrong. */
function aptGet([command = '', ...names]: readonly string[]): Promise<string | undefined> {
  const flags = [
    '-q',
    '-y',
    '-o',
    'DPkg::Lock::Timeout=60',
    ...(command === 'install' ? ['--no-install-recommends'] : []),
  ]
  return new Promise((resolve) => {
    const child = spawn('/usr/bin/apt-get', [command, ...flags, ...names], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: minutes * 60_000,
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(undefined)
      const end = signal
        ? `it took longer than ${minutes} minutes`
        : output.trim().split('\n').slice(-3).join(' ')
      resolve(`apt-get ${command} failed: ${end}`)
    })
  })
}

/** Debian asks this file whether an installed service may start; many containers have one that says no already. */
const policy = '/usr/sbin/policy-rc.d'

function forbidServices(): () => void {
  if (existsSync(policy)) return () => undefined
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const remove = (): void => rmSync(policy, { force: true })
  const forget = onProcessEnd(remove)
  return () => {
    remove()
    forget()
  }
}
