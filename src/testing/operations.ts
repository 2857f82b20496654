import { Random } from './random.ts'

/** A call of one method, through one of the connections; `which` and `share` say which claim it is for, and how much of it. */
export type Operation =
  | { do: 'add' | 'delete'; through: Through; ids: string[] }
  | { do: 'claim'; through: Through; max: number; leaseMs: number }
  | { do: 'acknowledge' | 'release'; through: Through; which: number; share: number }
  | { do: 'fail'; through: Through; which: number; share: number; retryInMs: number | null }
  | { do: 'renew'; through: Through; which: number; share: number; leaseMs: number }
  | { do: 'pass'; ms: number }

type Through = 'set' | 'other'

const ids = [...'abcdefgh']

/** Each as often as it stands here. */
const kinds = [
  ...(['add', 'add', 'add', 'add', 'delete'] as const),
  ...(['claim', 'claim', 'claim', 'claim', 'claim'] as const),
  ...(['acknowledge', 'acknowledge', 'acknowledge', 'release', 'fail', 'fail', 'fail'] as const),
  ...(['renew', 'pass', 'pass'] as const),
] satisfies Operation['do'][]

/** Up to 40 calls, the same for the same seed. */
export function operationsOf(seed: number): Operation[] {
  const random = new Random(seed)
  return Array.from({ length: random.below(41) }, () => operation(random))
}

// Leases and waits are so long that the time which a slow machine takes for the calls themselves never decides.
function operation(random: Random): Operation {
  const through = random.pick<Through>(['set', 'other'])
  const claim = { through, which: random.below(20), share: random.pick([0.5, 1]) }
  const leaseMs = random.pick([1_000_000, 3_000_000])
  const kind = random.pick(kinds as [Operation['do'], ...Operation['do'][]])
  switch (kind) {
    case 'add':
    case 'delete':
      return { do: kind, through, ids: someIds(random) }
    case 'claim':
      return { do: kind, through, max: 1 + random.below(6), leaseMs }
    case 'fail':
      return { do: kind, ...claim, retryInMs: random.pick([0, 900_000, 2_000_000, null]) }
    case 'renew':
      return { do: kind, ...claim, leaseMs }
    case 'pass':
      return { do: kind, ms: random.pick([500_000, 1_000_000, 2_600_000]) }
    default:
      return { do: kind, ...claim }
  }
}

function someIds(random: Random): string[] {
  const some = ids.filter(() => random.below(3) === 0)
  return some.length > 0 ? some : ids.slice(0, 1)
}
