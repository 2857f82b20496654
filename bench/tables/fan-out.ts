import type { FanOutOutcome, FanOutTask } from '../children/fan-out.ts'
import { atMost, type Bench, type BenchRow } from '../harness/bench-table.ts'
import { messageOf, startChild } from '../harness/child-program.ts'

const LIMIT_MIB = 128

export const fanOut: Bench = {
  name: 'fan-out',
  about: 'one changed row that very many objects show: time and memory up to the set',
  async run(stage) {
    const client = await stage.connect()
    const rows: BenchRow[] = []
    for (const leaves of stage.isFull ? [10_000, 100_000, 1_000_000] : [10_000, 100_000]) {
      stage.tell(`${leaves.toLocaleString('en')} roots`)
      await client.query(`
        CREATE TABLE top (id int PRIMARY KEY, name text);
        CREATE TABLE leaf (id int PRIMARY KEY, top_id int NOT NULL);
        INSERT INTO top VALUES (1, 'b');
        INSERT INTO leaf SELECT n, 1 FROM generate_series(1, ${leaves}) n;
        CREATE INDEX ON leaf (top_id)`)
      await client.query('VACUUM ANALYZE top, leaf')
      const task: FanOutTask = { url: stage.url }
      const { ids, growthMiB, seconds } = await messageOf<FanOutOutcome>(startChild('fan-out', task))
      if (ids !== leaves) throw new Error(`${ids} ids were found of ${leaves}`)
      await client.query('DROP TABLE top, leaf')
      rows.push({
        label: `${leaves.toLocaleString('en')} roots of one row`,
        asked: [atMost(LIMIT_MIB, growthMiB, 'MiB')],
        figures: { ours: growthMiB, 'ours, ids/s': ids / seconds },
      })
    }
    return [
      {
        title: 'One changed row that many objects show, up to the set',
        unit: 'MiB of RSS',
        columns: ['ours', 'ours, ids/s'],
        rows,
        notes: [
          'In a process of its own, into a durable set, which keeps nothing in the process. A look-up gives 200,000 ids at a time.',
        ],
      },
    ]
  },
}
