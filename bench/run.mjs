// Compiles the benchmarks and the library as a build does, without the wrapping of functions that `tsx` adds for its stack
// traces and that would be measured too; then runs them.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}.cache/bench`

await build({
  absWorkingDir: root,
  entryPoints: [
    'bench/main.ts',
    ...readdirSync(`${root}bench/children`).map((name) => `bench/children/${name}`),
  ],
  outbase: 'bench',
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  logLevel: 'error',
})

const child = spawn(
  process.execPath,
  ['--expose-gc', '--enable-source-maps', `${outdir}/main.mjs`, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.once('exit', (code) => {
  process.exitCode = code ?? 1
})
