/** SQL for comparison, without what carries no meaning: white space and the case of keywords. Quoted text stays as it is. */
export function normalSql(sql: string): string {
  return sql
    .split(/("(?:[^"]|"")*"|'(?:[^']|'')*')/)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.toUpperCase().replaceAll(/\s+/g, ' ')))
    .join('')
    .replaceAll(/\s*([(),])\s*/g, '$1')
    .trim()
}
