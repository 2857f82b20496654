/** What both processes are told of the world, by environment variables. */
export interface Setting {
  readonly DATABASE_URL: string
  readonly REDIS_URL: string
  readonly RABBITMQ_URL: string
  /** Names the slot, the publication, the keys in Redis, the queue: whatever the two share. */
  readonly SHOP: string
}

export function setting<Name extends keyof Setting>(...names: readonly Name[]): Pick<Setting, Name> {
  return Object.fromEntries(names.map((name) => [name, variable(name)])) as Pick<Setting, Name>
}

function variable(name: keyof Setting): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`Set ${name}.`)
  return value
}
