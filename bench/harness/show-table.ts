import type { Asked, BenchTable } from './bench-table.ts'

/** A table for the terminal, that is Markdown as well: what is asked and what came out first, figures behind. */
export function showTable({ title, unit, columns, rows, notes }: BenchTable): string {
  const head = [
    '',
    'asked',
    ...columns.map((column) => (column.includes(', ') ? column : `${column}, ${unit}`)),
  ]
  const body = rows.map(({ label, asked, figures }) => [
    label,
    asked.map(showAsked).join('; ') || '–',
    ...columns.map((column) => showFigure(figures[column] ?? null)),
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((cells) => (cells[at] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, at) => (at < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [
    `### ${title}`,
    '',
    line(head),
    rule,
    ...body.map(line),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n')
}

export function showAsked({ what, measured, isMet }: Asked): string {
  return `${isMet ? '✓' : '✗'} ${showFigure(measured)} (${what})`
}

/** Three digits that count. */
export function showFigure(figure: number | null): string {
  if (figure === null || Number.isNaN(figure)) return '–'
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en')
  return figure.toPrecision(3)
}
