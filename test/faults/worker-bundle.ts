import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onProcessEnd } from '../../services/on-process-end.ts'

/** The program of the workers in one file, which starts several times faster than its many: workers are started all the time. */
export class WorkerBundle {
  readonly directory: string
  readonly #forget: () => void

  private constructor(directory: string) {
    this.directory = directory
    this.#forget = onProcessEnd(() => rmSync(directory, { recursive: true, force: true }))
  }

  static async build(): Promise<WorkerBundle> {
    const bundle = new WorkerBundle(mkdtempSync(join(tmpdir(), 'pg-capture-faults-')))
    await build({
      entryPoints: [fileURLToPath(new URL('worker/main.ts', import.meta.url))],
      outfile: bundle.program,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external: ['pg-native'],
      sourcemap: 'inline',
      logLevel: 'error',
      // What is CommonJS inside requires modules of Node.
      banner: {
        js: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
      },
    })
    return bundle
  }

  get program(): string {
    return join(this.directory, 'worker.mjs')
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
    this.#forget()
  }
}
