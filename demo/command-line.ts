export interface Options {
  readonly interactive: boolean
  readonly help: boolean
}

export const help = `pg-capture's demo: a small bookshop on a Postgres of its own. Transactions go in, object changes come out.

Usage: npm run demo
       npm run demo -- --interactive

Options:
  -i, --interactive  stay up after the story: connect with psql, change rows, watch the objects
  -h, --help         print this

Environment: NO_COLOR=1 for no colours, FORCE_COLOR=1 for colours also in a pipe.

Exit code: 0 when the replica equals the tables at the end, 1 when not or when something failed, 2 for an unknown
option; when interrupted before the end, 130 by Ctrl-C and 143 by SIGTERM.
`

/** @throws Error naming the first argument that means nothing here. */
export function readOptions(given: readonly string[]): Options {
  const known = new Set(['-i', '--interactive', '-h', '--help'])
  const unknown = given.find((option) => !known.has(option))
  if (unknown !== undefined) {
    throw new Error(`There is no option ${unknown}. Those that there are: npm run demo -- --help`)
  }
  const has = (...names: string[]): boolean => names.some((name) => given.includes(name))
  return { interactive: has('-i', '--interactive'), help: has('-h', '--help') }
}
