import { setTimeout as sleep } from 'node:timers/promises'
import { changeAll } from './poison.ts'
import type { Post } from './post.ts'
import type { Shop } from './shop.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/**
 * Lets a server be out of reach until the health of a builder says so, and then be there again until it is well.
 *
 * @throws Error where the health does not tell.
 */
export async function showOutage(
  shop: Shop,
  way: TcpProxy,
  builder: Post,
  patienceMs: number,
): Promise<void> {
  await untilHealth(builder, (state) => state === 'ok', 'before the outage', patienceMs)
  way.hold()
  try {
    await changeAll(shop)
    await untilHealth(builder, (state) => state !== 'ok', 'during the outage', patienceMs)
  } finally {
    way.release()
  }
  await untilHealth(builder, (state) => state === 'ok', 'after the outage', patienceMs)
}

async function untilHealth(
  builder: Post,
  isAsItShould: (state: string) => boolean,
  when: string,
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  let last = 'has not been told'
  while (performance.now() < deadline) {
    const worker = await builder.working()
    const health = await Promise.race([worker.ask('health'), sleep(patienceMs, undefined, { ref: false })])
    if (health !== undefined && isAsItShould(health.state)) return
    if (health !== undefined) last = `is ${health.state} (${health.reasons.join(', ')})`
    await sleep(50)
  }
  throw new Error(`The health ${when} ${last}.`)
}
