import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { benchDocuments } from '../../bench/documents/write-documents.ts'

test.each(Object.entries(benchDocuments()))('%s is what the last full run measured', (path, text) => {
  // npm run bench -- --docs writes it anew.
  expect(readFileSync(path, 'utf8')).toBe(text)
})
