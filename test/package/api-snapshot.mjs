// Compares the public surface of each entry point with the one committed in api/, and fails on any difference.
//   node test/package/api-snapshot.mjs                             compare
//   node test/package/api-snapshot.mjs --update                    approve an addition
//   node test/package/api-snapshot.mjs --update --allow-breaking   approve a removal, too
//
// tsnapi shows what a file declares, not what it re-exports from elsewhere, as our root entry does throughout. So each
// entry is made into one file first: the declarations of all files that it reaches, of which it exports its own names.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { snapshotFiles } from 'tsnapi'

const root = fileURLToPath(new URL('../..', import.meta.url))
const update = process.argv.includes('--update')
const committed = join(root, 'api')
const work = mkdtempSync(join(tmpdir(), 'pg-capture-api-'))

const importing = /^import\s[^;]*?from\s+'([^']+)';\n?/gm
const reExport = /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s+from\s+'([^']+)')?;\n?/gm
// How a parameter is taken apart is no part of the surface, and no more is its name.
const destructured = /([(,]\s*)\{[\w\s,]*\}(?=\??:)/g
const declaration = /^(export )?((?:declare |abstract )*(?:class|function|const|interface|type) (\w+))/gm

function declarationsFrom(entry) {
  const texts = new Map()
  const packages = new Set()
  const exportedBy = new Map()
  const visit = (path) => {
    if (texts.has(path)) return
    texts.set(path, '')
    let text = readFileSync(path, 'utf8')
    const targets = []
    text = text.replaceAll(importing, (statement, from) => {
      if (from.startsWith('.')) targets.push(from)
      else packages.add(statement)
      return ''
    })
    text = text.replaceAll(reExport, (_statement, _names, from) => {
      if (from !== undefined) targets.push(from)
      return ''
    })
    text = text.replaceAll(declaration, (_line, _exported, declared, name) => {
      const before = exportedBy.get(name)
      const isOverload = before === path
      if (before !== undefined && !isOverload) {
        throw new Error(`${before} and ${path} both declare ${name}: give one of them another name.`)
      }
      exportedBy.set(name, path)
      return declared
    })
    texts.set(path, text.replaceAll(destructured, '$1options'))
    for (const target of targets) visit(join(dirname(path), target.replace(/\.[jt]s$/, '.d.ts')))
  }
  visit(entry)
  return [...packages, ...texts.values(), `export { ${publicNames(entry).join(', ')} }\n`].join('')
}

function publicNames(entry) {
  const text = readFileSync(entry, 'utf8')
  const listed = [...text.matchAll(reExport)].flatMap(([, names]) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  )
  const declared = [...text.matchAll(declaration)].flatMap(([, exported, , name]) => (exported ? [name] : []))
  const renamed = listed.find((name) => name.includes(' as '))
  if (renamed !== undefined)
    throw new Error(`${entry} renames in "${renamed}": export the thing under its own name.`)
  if (/^export (\*|default)/m.test(text)) throw new Error(`${entry} has an unnamed export: list the names.`)
  return [...new Set([...listed, ...declared])].sort()
}

async function flatten(name, { types, default: runtime }) {
  const stem = join(work, 'flat', name)
  mkdirSync(dirname(stem), { recursive: true })
  writeFileSync(`${stem}.d.ts`, declarationsFrom(join(root, types)))
  const outfile = `${stem}.js`
  await build({
    entryPoints: [join(root, runtime)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    external: ['node:*'],
    // tsnapi would list #private members as if they were public, so they are moved out of the classes.
    supported: {
      'class-private-field': false,
      'class-private-method': false,
      'class-private-accessor': false,
    },
    logLevel: 'error',
  })
  return { name, runtime: outfile, dts: `${stem}.d.ts` }
}

try {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object')
  const files = []
  for (const [key, target] of entries) files.push(await flatten(key === '.' ? 'index' : key.slice(2), target))

  // tsnapi writes a snapshot that is missing or differs; only --update may do that to the committed ones.
  const outputDir = update ? committed : join(work, 'api')
  if (existsSync(committed) && !update) cpSync(committed, outputDir, { recursive: true })
  const missing = update
    ? []
    : files.filter(({ name }) => !existsSync(join(committed, `${name}.snapshot.d.ts`)))
  const { hasChanges, diff } = await snapshotFiles(files, root, {
    outputDir,
    update,
    allowBreaking: process.argv.includes('--allow-breaking'),
    referenceTracingDepth: 10,
  })
  if (hasChanges && diff) console.error(diff)
  for (const { name } of missing) console.error(`api/${name} is not committed.`)
  if (hasChanges || missing.length > 0) {
    console.error('The public API differs from api/. If that is meant: npm run package:approve-api')
    process.exitCode = 1
  } else {
    console.log(
      `✓ the public API of ${files.map(({ name }) => name).join(', ')} ${update ? 'is recorded' : 'is as recorded'} in api/`,
    )
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
