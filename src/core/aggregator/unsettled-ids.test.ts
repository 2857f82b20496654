import { describe, expect, test } from 'vitest'
import { InMemorySet } from '../pending/in-memory-set.ts'
import { UnsettledIds } from './unsettled-ids.ts'

function watch(settled: Promise<void>): { isSettled: boolean } {
  const watched = { isSettled: false }
  void settled.then(() => (watched.isSettled = true))
  return watched
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('UnsettledIds', () => {
  test('where nothing was added, all is settled', async () => {
    await new UnsettledIds().settled()
  })

  test('waits for what was added before, and for nothing else', async () => {
    const ids = new UnsettledIds()
    ids.added(['1', '2'])
    const first = watch(ids.settled())
    ids.added(['3'])
    const second = watch(ids.settled())
    const flight = ids.flightBegins(['1', '2', '3'])
    ids.emitted(['1'], flight)
    await turn()
    expect(first.isSettled).toBe(false)
    ids.emitted(['2'], flight)
    await turn()
    expect(first.isSettled).toBe(true)
    expect(second.isSettled).toBe(false)
    ids.emitted(['3'], flight)
    await turn()
    expect(second.isSettled).toBe(true)
  })

  test('an id that comes again during its flight is settled by the next one, and its first add by the first', async () => {
    const ids = new UnsettledIds()
    ids.added(['1'])
    const before = watch(ids.settled())
    const flight = ids.flightBegins(['1'])
    ids.added(['1'])
    const after = watch(ids.settled())
    await turn()
    expect(before.isSettled).toBe(false)
    ids.emitted(['1'], flight)
    await turn()
    expect(before.isSettled).toBe(true)
    expect(after.isSettled).toBe(false)
    ids.emitted(['1'], ids.flightBegins(['1']))
    await turn()
    expect(after.isSettled).toBe(true)
  })

  test('a flight that another add preceded covers all adds before it, and none after', async () => {
    const ids = new UnsettledIds()
    ids.added(['1'])
    ids.added(['1', '2'])
    const both = watch(ids.settled())
    const flight = ids.flightBegins(['1', '2'])
    ids.added(['1'])
    ids.added(['1'])
    const later = watch(ids.settled())
    ids.emitted(['1', '2'], flight)
    await turn()
    expect(both.isSettled).toBe(true)
    expect(later.isSettled).toBe(false)
    ids.emitted(['1'], ids.flightBegins(['1']))
    await turn()
    expect(later.isSettled).toBe(true)
  })

  test('an id that changes again and again while others are built is one add', async () => {
    const ids = new UnsettledIds()
    ids.added(['1', '2'])
    const flight = ids.flightBegins(['2'])
    ids.added(['1'])
    const settled = watch(ids.settled())
    ids.emitted(['2'], flight)
    await turn()
    expect(settled.isSettled).toBe(false)
    ids.emitted(['1'], ids.flightBegins(['1']))
    await turn()
    expect(settled.isSettled).toBe(true)
  })

  test('what a flight did not emit, the next one with the id does, late as the first may come', async () => {
    const ids = new UnsettledIds()
    ids.added(['1'])
    const first = watch(ids.settled())
    const lapsed = ids.flightBegins(['1'])
    ids.added(['1'])
    const second = watch(ids.settled())
    const next = ids.flightBegins(['1'])
    ids.emitted(['1'], lapsed)
    await turn()
    expect(first.isSettled).toBe(true)
    expect(second.isSettled).toBe(false)
    ids.emitted(['1'], next)
    await turn()
    expect(second.isSettled).toBe(true)
  })

  test('an id that is dropped keeps nobody waiting', async () => {
    const ids = new UnsettledIds()
    ids.added(['1', '2'])
    const settled = watch(ids.settled())
    ids.dropped(['1'])
    ids.emitted(['2', 'never added'], ids.flightBegins(['2']))
    await turn()
    expect(settled.isSettled).toBe(true)
  })

  test('what the set refuses keeps nobody waiting: coming again, its event may lead to other ids', async () => {
    const ids = new UnsettledIds()
    const refusing = { add: () => Promise.reject(new Error('refused')) }
    await expect(ids.add(['1'], refusing)).rejects.toThrow('refused')
    await ids.settled()
  })

  test('what the set refuses of one add is waited for where another one noted it too', async () => {
    const ids = new UnsettledIds()
    let refuse = (_error: Error): void => {}
    const refused = ids.add(['1'], { add: () => new Promise((_, reject) => (refuse = reject)) })
    ids.added(['1'])
    const settled = watch(ids.settled())
    refuse(new Error('refused'))
    await expect(refused).rejects.toThrow('refused')
    await turn()
    expect(settled.isSettled).toBe(false)
    ids.emitted(['1'], ids.flightBegins(['1']))
    await turn()
    expect(settled.isSettled).toBe(true)
  })

  test('what the set refuses when it was emitted already, or comes again meanwhile, changes nothing', async () => {
    const ids = new UnsettledIds()
    let refuse = (_error: Error): void => {}
    const refused = ids.add(['1', '2'], { add: () => new Promise((_, reject) => (refuse = reject)) })
    ids.emitted(['1'], ids.flightBegins(['1']))
    ids.added(['1', '2'])
    const settled = watch(ids.settled())
    refuse(new Error('refused'))
    await expect(refused).rejects.toThrow('refused')
    const flight = ids.flightBegins(['1', '2'])
    ids.emitted(['1'], flight)
    await turn()
    expect(settled.isSettled).toBe(false)
    ids.emitted(['2'], flight)
    await turn()
    expect(settled.isSettled).toBe(true)
  })

  test('what a durable set holds is settled', async () => {
    const ids = new UnsettledIds({ durable: true })
    ids.added(['1'])
    await ids.settled()
  })

  test('is one for each set', () => {
    const set = new InMemorySet()
    expect(UnsettledIds.of(set)).toBe(UnsettledIds.of(set))
    expect(UnsettledIds.of(set)).not.toBe(UnsettledIds.of(new InMemorySet()))
  })
})
