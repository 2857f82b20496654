import type { Results } from '../harness/results.ts'
import { showFigure } from '../harness/show-table.ts'

const WIDTH = 760
const HEIGHT = 360
const LEFT = 60
const TOP = 56
const BOTTOM = 44

/** Dark enough on white and light enough on a dark page. */
const COLOURS: Readonly<Record<string, string>> = {
  ours: '#2563eb',
  'key push-down': '#0d9488',
  'sub-selects': '#ca8a04',
  LATERAL: '#db2777',
  'grouped join': '#78716c',
}

/** The first table of `build-query` as a chart: milliseconds for each number of ids, on a logarithmic scale. */
export function buildChart({ tables, machine }: Results): string {
  const [table] = tables['build-query'] ?? []
  if (table === undefined) throw new Error('The results have no table of build-query')
  const series = Object.keys(COLOURS).filter((name) => table.columns.includes(name))
  const figures = table.rows.flatMap((row) => series.flatMap((name) => row.figures[name] ?? []))
  const low = Math.floor(Math.log10(Math.min(...figures)))
  const high = Math.ceil(Math.log10(Math.max(...figures)))
  const yOf = (ms: number): number =>
    HEIGHT - BOTTOM - ((Math.log10(ms) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const group = (WIDTH - LEFT - 10) / table.rows.length
  const bar = (group - 14) / series.length

  const lines = Array.from({ length: high - low + 1 }, (_, step) => {
    const y = yOf(10 ** (low + step)).toFixed(1)
    const label = `${(10 ** (low + step)).toLocaleString('en')} ms`
    return `<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y}" y2="${y}" stroke="#8886" /><text x="${LEFT - 6}" y="${y}" dy="4" text-anchor="end">${label}</text>`
  })
  const bars = table.rows.flatMap((row, at) =>
    series.flatMap((name, of) => {
      const ms = row.figures[name]
      if (typeof ms !== 'number') return []
      const x = LEFT + 7 + at * group + of * bar
      const y = yOf(ms)
      return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(bar - 1).toFixed(1)}" height="${(HEIGHT - BOTTOM - y).toFixed(1)}" fill="${COLOURS[name]}"><title>${name}, ${row.label}: ${showFigure(ms)} ms</title></rect>`
    }),
  )
  const labels = table.rows.map(
    (row, at) =>
      `<text x="${(LEFT + (at + 0.5) * group).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${row.label}</text>`,
  )
  const legend = series.map(
    (name, at) =>
      `<rect x="${LEFT + at * 135}" y="30" width="10" height="10" fill="${COLOURS[name]}" /><text x="${LEFT + 15 + at * 135}" y="39">${name === 'ours' ? 'pg-capture' : name}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#888">
<title>One build, by its number of objects</title>
<text x="${LEFT}" y="18" font-size="14">Milliseconds for one build (less is better; each line is ten times the one below)</text>
${[...legend, ...lines, ...bars, ...labels].join('\n')}
<text x="${WIDTH - 10}" y="${HEIGHT - 6}" text-anchor="end" font-size="10">PostgreSQL ${machine.postgres}, Node ${machine.node}, ${machine.cores} cores, commit ${machine.commit}</text>
</svg>
`
}
