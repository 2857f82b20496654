import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { expect, test } from 'vitest'
import { serverDirectoriesOf } from '../test/support/left-behind.ts'
import { ownRabbitmq, testRabbitmq } from '../test/support/rabbitmq.ts'
import { checkRabbitmq } from './rabbitmq.ts'

const given = testRabbitmq()

test('starts, keeps durable queues over a restart, and leaves neither a process nor a file', async () => {
  const server = await ownRabbitmq()
  try {
    await onChannel(server.url, async (channel) => {
      await channel.assertQueue('kept', { durable: true })
      channel.sendToQueue('kept', Buffer.from('one'), { persistent: true })
      await channel.waitForConfirms()
    })
    // It confirms a message when that is on disk; the queue itself may get there a moment later.
    await sleep(5_000)
    await server.restart()
    await onChannel(server.url, async (channel) => {
      expect(await channel.checkQueue('kept')).toMatchObject({ messageCount: 1 })
    })
  } finally {
    await server.stop()
  }
  await expect(checkRabbitmq(server.url)).rejects.toThrow('ECONNREFUSED')
  expect(serverDirectoriesOf(process.pid)).toEqual([])
}, 240_000)

test('tells the version of a server that answers, and who is refused', async () => {
  expect(await checkRabbitmq(given.url)).toMatch(/^\d+\.\d+/)
  const stranger = new URL(given.url)
  stranger.password = 'wrong'
  await expect(checkRabbitmq(stranger.href)).rejects.toThrow(/ACCESS.REFUSED/)
})

test('something else that listens is not taken for one', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(checkRabbitmq(`amqp://127.0.0.1:${port}`)).rejects.toThrow(Error)
  other.close()
})

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>

async function onChannel(url: string, work: (channel: Channel) => Promise<void>): Promise<void> {
  const connection = await connect(url)
  try {
    await work(await connection.createConfirmChannel())
  } finally {
    await connection.close()
  }
}
