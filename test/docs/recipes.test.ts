import { expect, test } from 'vitest'
import { textOf } from '../project/source-tree.ts'
import { snippetsOf } from './snippets.ts'

test.each([
  ['docs/scheduling.md', 'examples/two-workers-bullmq-redis/build-requests.ts'],
  ['docs/scheduling.md', 'examples/two-workers-graphile-worker/build-requests.ts'],
  ['docs/several-machines.md', 'examples/parted-set/parted-set.ts'],
])('%s shows %s as it is run', (page, recipe) => {
  expect(snippetsOf(page).map(({ code }) => `${code}\n`)).toContain(textOf(recipe))
})
