import { setTimeout as sleep } from 'node:timers/promises'
import { type Difference, differences } from './judge.ts'
import type { Post } from './post.ts'
import type { Shop } from './shop.ts'

/** An object that no sink takes. */
interface Poisoned {
  readonly kind: string
  readonly id: string
}

/** Makes some objects such that no sink takes them. */
export async function poisonObjects({ admin, replica }: Shop): Promise<readonly Poisoned[]> {
  const { rows } = await admin.query<Poisoned>(`
    (SELECT 'book' AS kind, id::text FROM book ORDER BY id LIMIT 2)
    UNION ALL (SELECT 'author', id::text FROM author ORDER BY id LIMIT 1)`)
  const [kinds, ids] = [rows.map(({ kind }) => kind), rows.map(({ id }) => id)]
  await replica.query('INSERT INTO poison SELECT * FROM unnest($1::text[], $2::text[])', [kinds, ids])
  return rows
}

/** Changes every object. */
export async function changeAll({ admin }: Shop): Promise<void> {
  await admin.query(`UPDATE author SET name = name || '!'; UPDATE book SET title = title || '!'`)
}

/** From here on they are taken like any other, if somebody tries. */
export async function healObjects({ replica }: Shop): Promise<void> {
  await replica.query('DELETE FROM poison')
}

/** Waits until the replica equals the tables but for these objects; resolves to what differs otherwise where that does not come. */
export async function untilOthersConverge(
  shop: Shop,
  poisoned: readonly Poisoned[],
  patienceMs: number,
): Promise<Difference[]> {
  const names = new Set(poisoned.map(nameOf))
  const deadline = performance.now() + patienceMs
  for (;;) {
    const others = (await differences(shop)).filter(({ object }) => !names.has(object))
    if (others.length === 0 || performance.now() > deadline) return others
    await sleep(50)
  }
}

/**
 * Waits until all of them are parked, and only they. Meanwhile others are changed, since an object is not parked while nothing
 * goes through.
 *
 * @throws Error where it does not come.
 */
export async function untilParked(
  shop: Shop,
  builder: Post,
  poisoned: readonly Poisoned[],
  patienceMs: number,
): Promise<void> {
  const expected = poisoned.map(nameOf).sort()
  const deadline = performance.now() + patienceMs
  for (;;) {
    const parked = await (await builder.working()).ask('parked')
    if (parked?.objects.toSorted().join() === expected.join()) return
    if (performance.now() > deadline) {
      throw new Error(
        `Parked should be ${expected.join(', ')}, and are ${parked?.objects.join(', ') || 'none'}.`,
      )
    }
    await changeOthers(shop, poisoned)
    await sleep(300)
  }
}

/** Changes books and their authors, and none of these objects, which a change would bring back. */
async function changeOthers({ admin }: Shop, poisoned: readonly Poisoned[]): Promise<void> {
  const ids = (kind: string): string[] => poisoned.filter((one) => one.kind === kind).map(({ id }) => id)
  await admin.query(
    `UPDATE book SET title = title || '?' WHERE id <> ALL ($1::int[]) AND author_id <> ALL ($2::int[])`,
    [ids('book'), ids('author')],
  )
}

function nameOf({ kind, id }: Poisoned): string {
  return `${kind} ${id}`
}
