import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { absolute, textOf } from '../project/source-tree.ts'

/** A release of the TypeScript compiler. */
export interface Compiler {
  readonly version: string
  /** Of its `tsc`, in the repository. */
  readonly path: string
}

const { devDependencies } = JSON.parse(textOf('package.json')) as { devDependencies: Record<string, string> }

const oldest: Compiler = {
  version: devDependencies['@tsd/typescript']!,
  path: 'node_modules/@tsd/typescript/typescript/lib/tsc.js',
}
const inUse: Compiler = { version: devDependencies['typescript']!, path: 'node_modules/typescript/bin/tsc' }

/** The oldest that is supported, from a package that brings no second `tsc` onto the path, and the one in use. */
export const compilers: readonly Compiler[] = [oldest, inUse]

/** What a compiler complains of. Lines and columns count from 1. */
export interface Complaint {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: string
  readonly message: string
}

export interface Compilation {
  readonly complaints: readonly Complaint[]
  readonly instantiations: number
}

const run = promisify(execFile)

// What type tests take of these packages, in few lines: most of a compilation would else be the reading of their declarations.
const vitest = `
export { expectTypeOf } from 'expect-type'
export declare function describe(name: string, run: () => void): void
export declare function test(name: string, run: () => unknown): void
export declare const expect: (actual: unknown) => { toEqual(expected: unknown): void }
declare global { interface Buffer extends Uint8Array {} }
`
const kysely = 'node_modules/kysely/dist/esm/util/column-type.d.ts'

/**
 * Compiles files, given by name and text, and others of the repository, with each of the compilers, against the declarations of the
 * package as they are published. The compilations are in the order of {@link compilers}.
 */
export async function compile(
  files: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): Promise<Compilation[]> {
  const cache = absolute('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'typing-'))
  try {
    const declarations = join(folder, 'pg-capture')
    const build = ['-p', absolute('tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', declarations]
    await run(process.execPath, [absolute(inUse.path), ...build])
    await writeFile(join(folder, 'vitest.d.ts'), vitest)
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2022',
          lib: ['ES2023', 'DOM'],
          module: 'nodenext',
          moduleResolution: 'nodenext',
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          allowImportingTsExtensions: true,
          noEmit: true,
          skipLibCheck: true,
          types: [],
          paths: {
            'pg-capture': [join(declarations, 'index.d.ts')],
            kysely: [absolute(kysely)],
            vitest: [join(folder, 'vitest.d.ts')],
          },
        },
        files: [...Object.keys(files), ...others.map(absolute)],
      }),
    )
    return await Promise.all(compilers.map((compiler) => compilation(compiler, folder)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compilation(compiler: Compiler, folder: string): Promise<Compilation> {
  const options = ['-p', folder, '--pretty', 'false', '--extendedDiagnostics']
  const { stdout } = await run(process.execPath, [absolute(compiler.path), ...options], {
    cwd: folder,
    maxBuffer: 1 << 26,
    timeout: 50_000, // types that never end are found, too
  }).catch((failure: { stdout: string }) => failure)
  return {
    complaints: complaintsIn(stdout, folder),
    instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]),
  }
}

/** A complaint begins with its place; what follows indented goes into the details. */
function complaintsIn(output: string, folder: string): Complaint[] {
  const complaints = output.matchAll(/^(\S+?)\((\d+),(\d+)\): error (TS\d+): (.*(?:\n {2}.*)*)/gm)
  return [...complaints].map(([, file = '', line, column, code = '', message = '']) => ({
    file: file.startsWith('..') ? relative(absolute('.'), join(folder, file)) : file,
    line: Number(line),
    column: Number(column),
    code,
    message,
  }))
}
