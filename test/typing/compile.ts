import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { absolute, textOf } from '../project/source-tree.ts'

/** A release of the TypeScript compiler. */
export interface Compiler {
  readonly version: string
  /** Of its `tsc`, in the repository. */
  readonly path: string
}

const { devDependencies } = JSON.parse(textOf('package.json')) as { devDependencies: Record<string, string> }

/** The oldest that is supported, from a package that brings no second `tsc` onto the path, and the one in use. */
export const compilers: readonly Compiler[] = [
  {
    version: devDependencies['@tsd/typescript']!,
    path: 'node_modules/@tsd/typescript/typescript/lib/tsc.js',
  },
  { version: devDependencies['typescript']!, path: 'node_modules/typescript/bin/tsc' },
]

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

/** Compiles files, given by name, that import `pg-capture` and the packages of this repository. */
export async function compile(
  compiler: Compiler,
  files: Readonly<Record<string, string>>,
): Promise<Compilation> {
  const cache = absolute('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'typing-'))
  try {
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
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
          paths: { 'pg-capture': [absolute('src/index.ts')] },
        },
        files: Object.keys(files),
      }),
    )
    const options = ['-p', folder, '--pretty', 'false', '--extendedDiagnostics']
    const { stdout } = await run(process.execPath, [absolute(compiler.path), ...options], {
      cwd: folder,
      maxBuffer: 1 << 26,
    }).catch((failure: { stdout: string }) => failure)
    return {
      complaints: complaintsIn(stdout).filter(({ file }) => Object.hasOwn(files, file)),
      instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A complaint begins with its place; what follows indented goes into the details. */
function complaintsIn(output: string): Complaint[] {
  const complaints = output.matchAll(/^(\S+?)\((\d+),(\d+)\): error (TS\d+): (.*(?:\n {2}.*)*)/gm)
  return [...complaints].map(([, file = '', line, column, code = '', message = '']) => ({
    file,
    line: Number(line),
    column: Number(column),
    code,
    message,
  }))
}
