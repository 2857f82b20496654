import type { BenchTable } from '../harness/bench-table.ts'
import type { Results } from '../harness/results.ts'
import { showTable } from '../harness/show-table.ts'
import { predictions } from '../model/predictions.ts'

const place = /<!-- bench: ([\w-]+) -->\n[^]*?<!-- \/bench -->/g

/** The page with its tables as the results have them: each stands between `<!-- bench: NAME -->` and `<!-- /bench -->`. */
export function fillTables(page: string, path: string, results: Results): string {
  return page.replaceAll(place, (_, name: string) => {
    const text =
      name === 'machine' ? machineLine(path, results) : tablesOf(name, results).map(showTable).join('\n')
    return `<!-- bench: ${name} -->\n${text.trimEnd()}\n<!-- /bench -->`
  })
}

function tablesOf(name: string, results: Results): readonly BenchTable[] {
  const tables = name === 'model' ? predictions(results) : results.tables[name]
  if (tables === undefined) throw new Error(`The results have no table of "${name}"`)
  return tables
}

function machineLine(path: string, { machine, size }: Results): string {
  const { processor, cores, memoryGiB, node, pg, postgres, commit, date } = machine
  return (
    `${processor}, ${cores} cores for all of it, ${memoryGiB} GiB; PostgreSQL ${postgres}, Node ${node}, pg ${pg}; commit ${commit}, ` +
    `${date.slice(0, 10)}. ${size.books.toLocaleString('en')} books, ${size.reviews.toLocaleString('en')} reviews. All of it: \`${path}\`.`
  )
}
