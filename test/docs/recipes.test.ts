import { expect, test } from 'vitest'
import { textOf } from '../project/source-tree.ts'
import { snippetsOf } from './snippets.ts'

test.each(['bullmq-redis', 'graphile-worker'])(
  'the page on when to build shows the recipe of %s as it is run',
  (name) => {
    const recipe = textOf(`examples/two-workers-${name}/build-requests.ts`)
    expect(snippetsOf('docs/scheduling.md').map(({ code }) => `${code}\n`)).toContain(recipe)
  },
)
