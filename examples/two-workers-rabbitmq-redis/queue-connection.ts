import { type ChannelModel, connect } from 'amqplib'

/** A connection to RabbitMQ that is made when it is needed, and made again after it was lost. */
export class QueueConnection {
  readonly #url: string
  #connecting: Promise<ChannelModel> | undefined

  constructor(url: string) {
    this.#url = url
  }

  async get(): Promise<ChannelModel> {
    const connecting = (this.#connecting ??= connect(this.#url))
    const forget = (): void => {
      if (this.#connecting === connecting) this.#connecting = undefined
    }
    try {
      const connection = await connecting
      // Without a listener for errors, a lost connection would end the process.
      if (connection.listenerCount('error') === 0) connection.on('error', forget).on('close', forget)
      return connection
    } catch (error) {
      forget()
      throw error
    }
  }

  async close(): Promise<void> {
    await (await this.#connecting)?.close()
  }
}
