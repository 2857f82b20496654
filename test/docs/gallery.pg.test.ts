import { describe, expect, test } from 'vitest'
import { absolute, filesIn } from '../project/source-tree.ts'
import { testDatabase } from '../support/postgres.ts'
import { GalleryPage } from './gallery-page.ts'

// docs/gallery, run: real tables, followed by logical replication. What a page prints is what came out; `npm run docs:write`
// writes it anew.

const pages = filesIn('docs/gallery')
  .filter((path) => !path.endsWith('/README.md'))
  .map((path) => new GalleryPage(path))

test('the gallery has its pages', () => {
  expect(pages.length).toBeGreaterThanOrEqual(6)
})

describe.each(pages)('$path', (page) => {
  const database = testDatabase({ setup: page.tables })

  test('prints what comes out', async () => {
    await expect(await page.played(database), 'npm run docs:write writes it anew').toMatchFileSnapshot(
      absolute(page.path),
    )
  })
})
