/** One text for all ids that a column may take for one: `a` and `A`, `1` and `1.00`. It may be one text for others, too. */
export function equalForm(id: string): string {
  return id
    .toLowerCase()
    .replaceAll(/(\.\d*?)0+(?!\d)/g, '$1')
    .replaceAll(/\.(?!\d)/g, '')
}
