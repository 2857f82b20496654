import type { CrashStep, Script, Step } from './script.ts'

/** A script as a person reads it: SQL, the schema, and what happens in between. */
export function describeScript({ tables, prepare, schema, setup, steps }: Script): string {
  return [
    ...tables.flatMap(({ create }) => create),
    ...prepare,
    `-- schema: ${JSON.stringify(schema)}`,
    `-- ${Object.entries(setup)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')}`,
    ...steps.flatMap(describeStep),
  ].join('\n')
}

function describeStep(step: Step): string[] {
  switch (step.do) {
    case 'transaction':
      return [
        `BEGIN${step.openFor > 0 ? ` -- ends ${step.openFor} steps later` : ''}`,
        ...step.statements.map(({ sql, mode }) => `  ${sql}${mode === 'plain' ? '' : ` -- ${mode}`}`),
        step.end === 'commit' ? 'COMMIT' : 'ROLLBACK',
      ]
    case 'deliver':
      return [
        `-- deliver ${step.events} events by ${step.by}${step.to === undefined ? '' : ` to handler ${step.to}`}`,
      ]
    case 'build':
      return [`-- buildObjects of builder ${step.builder}`]
    case 'redeliver':
      return [`-- go back ${step.transactions} transactions in the stream`]
    case 'hold':
      return [
        `-- hold what next comes, after ${step.after} others, to "${step.place}", for ${step.steps} steps`,
      ]
    case 'fail':
      return [`-- make fail what next comes, after ${step.after} others, to "${step.place}"`]
    case 'poison':
      return [`-- onChange refuses one of ${step.oneOf} ids for ${step.steps} steps`]
    case 'lapse':
      return ['-- all leases end']
    case 'crash':
      return [describeCrash(step)]
    default:
      return step satisfies never
  }
}

function describeCrash({ builder, gently }: CrashStep): string {
  const who = builder === undefined ? 'the process' : `the process of builder ${builder}, if it has its own,`
  return `-- ${who} ${gently === true ? 'is stopped' : 'ends'} and starts again`
}
