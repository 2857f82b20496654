/** `a` and `b` as `a.b`; a name that would not read back as one is put in brackets. */
export function pathTo(path: string, name: string): string {
  const plain = /^[\w$-]+$/u.test(name)
  if (path === '') return plain ? name : `[${JSON.stringify(name)}]`
  return plain ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
}
