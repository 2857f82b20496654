import { type Configuration, faultKinds } from './fault.ts'
import type { RoundPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** What happened, as a table. */
export function report(tally: Tally, seed: number): string {
  const { counts } = tally
  const faults = faultKinds.map((kind) => row(kind, tally.faults.get(kind) ?? 0))
  const failures = [...tally.failures]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => row(`  ${name}`, count))
  return [
    'Faults',
    ...faults.map((line) => `  ${line}`),
    row('Rounds', counts.rounds),
    row('Worker starts', counts['worker starts']),
    row('Transactions committed', counts.committed),
    row('  rolled back', counts['rolled back']),
    row('  failed (deadlock, or the server was down)', counts.failed),
    row('Events delivered', counts.events),
    row('  of them again by the source', counts.redelivered),
    row('  and again on purpose', counts.duplicated),
    row('  batches handled in another order', counts.reordered),
    row('Builds emitted', counts.calls),
    row('  objects and deletes in them', counts.objects),
    row('  older versions that the sink refused', counts.refused),
    'Failures told',
    ...failures,
    row('Lost', counts.lost),
    row('Backwards', counts.backwards),
    `Seed ${seed}`,
  ].join('\n')
}

export function describeRound({ number, configuration, steps }: RoundPlan): string {
  const list = steps.map(
    (faults) => `  ${faults.map(({ kind, after, part }) => `${kind} (${after}, ${part})`).join(' + ')}`,
  )
  return [`Round ${number}: ${describe(configuration)}`, ...list].join('\n')
}

export function describe({ set, delivery, setIn }: Configuration): string {
  const sets = {
    ioredis: 'RedisSet over ioredis and RabbitMQ',
    'node-redis': 'RedisSet over node-redis and RabbitMQ',
    postgres: `PostgresSet in the ${setIn}`,
    memory: 'InMemorySet in one process',
  }
  return `${sets[set]}, events taken ${delivery === 'capture' ? 'by Capture' : 'by hand'}`
}

function row(name: string, count: number): string {
  return `${name.padEnd(46)}${String(count).padStart(9)}`
}
