import { homedir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { absolute, filesIn, textOf } from './source-tree.ts'

// Names that say nothing about what is inside: a reader of `ls` learns the domain, or nothing.
const emptyNames = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'types',
  'misc',
  'manager',
  'base',
  'lib',
])
// Where people and build machines keep their checkouts.
const machineRoots = ['home', 'Users', 'work', 'workspace', 'farm', 'builds']

const files = filesIn('')

describe('file names', () => {
  test('the walk sees the repository', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package.json', '.oxlintrc.json', 'src/core/errors/capture-error.ts']),
    )
    expect(files.filter((path) => /(^|\/)(node_modules|dist)\//.test(path))).toEqual([])
  })

  test('no file or folder has a name that says nothing', () => {
    const parts = (path: string): string[] => path.split('/').map((part) => part.replace(/\..*$/, ''))
    expect(files.filter((path) => parts(path).some((part) => emptyNames.has(part)))).toEqual([])
  })

  test('no file names a path of the machine it was written on', () => {
    const patterns = [
      ...machineRoots.map((name) => new RegExp(String.raw`(?<![\w.$}/:-])/${name}/[\w.-]`)),
      ...[absolute(''), `${homedir()}/`].map(
        (path) => new RegExp(path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)),
      ),
    ]
    const lines = files
      .filter((path) => !/\.(png|svg|gif|ico|tgz)$/.test(path))
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .map((line, at) => ({ where: `${path}:${at + 1}`, line })),
      )
    expect(lines.length).toBeGreaterThan(1000)
    expect(lines.filter(({ line }) => patterns.some((pattern) => pattern.test(line)))).toEqual([])
  })
})
