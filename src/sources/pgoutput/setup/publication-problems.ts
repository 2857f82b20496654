import { CaptureError } from '../../../core/errors/capture-error.ts'
import { quoteIdentifier, quoteTable } from '../../../core/sql/identifier.ts'
import type { PublicationFacts, TableFacts } from './database-facts.ts'

export function findPublicationProblems(publication: PublicationFacts, name: string): CaptureError[] {
  const { pubinsert, pubupdate, pubdelete, pubtruncate } = publication
  if (pubinsert && pubupdate && pubdelete && pubtruncate) return []
  return [
    incomplete(
      `Publication "${name}" leaves out some kinds of changes. ` +
        `Run: ALTER PUBLICATION ${quoteIdentifier(name)} SET (publish = 'insert, update, delete, truncate');`,
    ),
  ]
}

/** Why the publication does not send all of a table's changes under the table's own name. */
export function findPublishedTableProblems(
  table: TableFacts,
  publication: PublicationFacts,
  name: string,
): CaptureError[] {
  const alter = `ALTER PUBLICATION ${quoteIdentifier(name)}`
  if (table.kind === 'p' && !publication.pubviaroot) {
    return [
      incomplete(
        `Table "${table.table}" is partitioned, and publication "${name}" sends its changes under its partitions' ` +
          `names. Run: ${alter} SET (publish_via_partition_root = true);`,
      ),
    ]
  }
  if (!table.isPublished && table.isPartition && publication.pubviaroot) {
    return [
      incomplete(
        `Table "${table.table}" is a partition, and publication "${name}" sends its changes as those of the partitioned ` +
          `table. Name that one instead, or run: ${alter} SET (publish_via_partition_root = false);`,
      ),
    ]
  }
  if (!table.isPublished) {
    return [
      incomplete(
        `Publication "${name}" does not have table "${table.table}". Run: ${alter} ADD TABLE ${quoteTable(table)};`,
      ),
    ]
  }
  if (table.hasRowFilter) {
    return [
      incomplete(
        `Publication "${name}" sends only some rows of table "${table.table}". ` +
          `Run: ${alter} DROP TABLE ${quoteTable(table)}; ${alter} ADD TABLE ${quoteTable(table)};`,
      ),
    ]
  }
  return []
}

function incomplete(message: string): CaptureError {
  return new CaptureError('PUBLICATION_INCOMPLETE', message)
}
