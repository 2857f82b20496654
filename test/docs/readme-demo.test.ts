import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Times differ from run to run; the golden output has none. */
function withoutTimes(text: string): string {
  return text.replaceAll(/ *\d+ ms/g, ' N ms').trim()
}

test('what the README shows of the demo is what the demo prints', () => {
  const golden = read('../demo/demo-output.txt')
  const excerpt = /```text\n(── 2\..*?)\n```/s.exec(read('../../README.md'))?.[1] ?? ''
  const parts = excerpt.split('\n…\n')
  expect(parts).toHaveLength(2)
  for (const part of parts) expect(golden).toContain(withoutTimes(part))
})
