import type { Emission, Replica } from './replica.ts'
import type { Truth } from './truth.ts'

/**
 * Compares what was emitted with the evaluation of every committed state. Says what is wrong, one line each:
 *
 * - the replica differs from the last state (G1);
 * - an emission differs from the state that its version names (G2);
 * - the version of an id went backwards (G3) and was not refused, or one version had two objects;
 * - an id is no string, or comes twice in one call.
 */
export function judge(truth: Truth, replica: Replica): string[] {
  return [
    ...replica.emissions.flatMap((emission, index) => emissionProblems(truth, emission, index)),
    ...orderProblems(replica.emissions),
    ...replicaProblems(truth, replica),
  ]
}

function emissionProblems(truth: Truth, emission: Emission, index: number): string[] {
  const where = `Emission ${index}`
  if (typeof emission.version !== 'bigint') return [`${where} has no version.`]
  const ids = [...emission.upsert.map(({ id }) => id), ...emission.delete]
  const problems: string[] = []
  if (ids.some((id) => typeof id !== 'string')) problems.push(`${where} has an id that is no string.`)
  if (new Set(ids).size < ids.length) problems.push(`${where} has an id twice.`)
  const commits = truth.commitsAt(emission.version)
  if (commits.length === 0) return [...problems, `${where} has a version from before the case.`]
  const candidates = commits.map((count) => truth.after(count))
  for (const { id, object } of emission.upsert) {
    const text = truth.text(object)
    if (candidates.some((state) => state.get(String(id)) === text)) continue
    const expected = candidates.map((state) => state.get(String(id)) ?? 'nothing').join(' or ')
    problems.push(
      `${where} gives ${String(id)} as ${text}, but after ${commits.join(' or ')} commits it is ${expected}.`,
    )
  }
  for (const id of emission.delete) {
    if (candidates.some((state) => !state.has(String(id)))) continue
    problems.push(`${where} deletes ${String(id)}, which exists after ${commits.join(' or ')} commits.`)
  }
  return problems
}

function orderProblems(emissions: readonly Emission[]): string[] {
  const last = new Map<unknown, { version: unknown; text: string }>()
  const problems: string[] = []
  emissions.forEach(({ upsert, delete: deleted, version, refused }, index) => {
    const all = [
      ...upsert.map(({ id, object }) => ({ id, text: JSON.stringify(object) })),
      ...deleted.map((id) => ({ id, text: 'deleted' })),
    ]
    for (const { id, text } of all) {
      if (refused.has(id)) continue
      const before = last.get(id)
      last.set(id, { version, text })
      if (before === undefined || typeof version !== 'bigint' || typeof before.version !== 'bigint') continue
      if (version < before.version)
        problems.push(`Emission ${index} gives ${String(id)} in an older version.`)
      if (version === before.version && text !== before.text) {
        problems.push(`Emission ${index} gives ${String(id)} differently in one version.`)
      }
    }
  })
  return problems
}

/** How the replica differs from the last state, for the ids that count. */
export function replicaProblems(
  truth: Truth,
  replica: Replica,
  counts: (id: string) => boolean = () => true,
): string[] {
  const expected = truth.after(truth.states.length - 1)
  const problems: string[] = []
  for (const [id, text] of expected) {
    if (!counts(id)) continue
    const object = replica.objects.get(id)
    const held = replica.objects.has(id) ? truth.text(object) : 'nothing'
    if (held !== text) problems.push(`At the end the replica has ${held} for ${id}, it should have ${text}.`)
  }
  for (const id of replica.objects.keys()) {
    if (!expected.has(id) && counts(id))
      problems.push(`At the end the replica has ${id}, which does not exist.`)
  }
  return problems
}
