import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onProcessEnd } from '../../services/on-process-end.ts'

/** A program in one file, which starts several times faster than its many: for processes that are started all the time. */
export class ProgramBundle {
  readonly directory: string
  readonly #forget: () => void

  private constructor(directory: string) {
    this.directory = directory
    this.#forget = onProcessEnd(() => rmSync(directory, { recursive: true, force: true }))
  }

  static async build(entry: URL): Promise<ProgramBundle> {
    const bundle = new ProgramBundle(mkdtempSync(join(tmpdir(), 'pg-capture-program-')))
    await build({
      entryPoints: [fileURLToPath(entry)],
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
    return join(this.directory, 'program.mjs')
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
    this.#forget()
  }
}
