import { setTimeout as sleep } from 'node:timers/promises'
import { type Difference, differences } from './judge.ts'
import type { Shop } from './shop.ts'

/** Makes some objects such that no sink takes them. Resolves to their names, such as `book 7`. */
export async function poisonObjects({ admin, replica }: Shop): Promise<Set<string>> {
  const { rows } = await admin.query<{ kind: string; id: string }>(`
    (SELECT 'book' AS kind, id::text FROM book ORDER BY id LIMIT 2)
    UNION ALL (SELECT 'author', id::text FROM author ORDER BY id LIMIT 1)`)
  const [kinds, ids] = [rows.map(({ kind }) => kind), rows.map(({ id }) => id)]
  await replica.query('INSERT INTO poison SELECT * FROM unnest($1::text[], $2::text[])', [kinds, ids])
  return new Set(rows.map(({ kind, id }) => `${kind} ${id}`))
}

/** Changes every object. */
export async function changeAll({ admin }: Shop): Promise<void> {
  await admin.query(`UPDATE author SET name = name || '!'; UPDATE book SET title = title || '!'`)
}

/** From here on they are taken like any other. */
export async function healObjects({ replica }: Shop): Promise<void> {
  await replica.query('DELETE FROM poison')
}

/** Waits until the replica equals the tables but for these objects; resolves to what differs otherwise where that does not come. */
export async function untilOthersConverge(
  shop: Shop,
  poisoned: ReadonlySet<string>,
  patienceMs: number,
): Promise<Difference[]> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const others = (await differences(shop)).filter(({ object }) => !poisoned.has(object))
    if (others.length === 0 || performance.now() > deadline) return others
    await sleep(50)
  }
}
