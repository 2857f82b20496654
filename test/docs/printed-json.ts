/** JSON in lines that are not too long: what fits into one is in one. */
export function printedJson(value: unknown, indent = '', label = ''): string {
  const flat = inOneLine(value)
  const isShort = indent.length + label.length + flat.length < 110
  if (isShort || typeof value !== 'object' || value === null) return flat
  const deeper = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((element) => printedJson(element, deeper))
    : Object.entries(value).map(([name, element]) => {
        const named = `${JSON.stringify(name)}: `
        return named + printedJson(element, deeper, named)
      })
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.map((part) => deeper + part).join(',\n')}\n${indent}${close}`
}

function inOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts = Object.entries(value).map(
    ([name, element]) => `${JSON.stringify(name)}: ${inOneLine(element)}`,
  )
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}
