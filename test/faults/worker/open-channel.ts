import { type ChannelModel, connect } from 'amqplib'

/** Opens a channel on a connection of its own; they close together, and a lost one ends no process. */
export async function openChannel<Channel extends { on(event: 'close', listener: () => void): unknown }>(
  url: string,
  open: (connection: ChannelModel) => Promise<Channel>,
): Promise<Channel> {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  const channel = await open(connection)
  channel.on('close', () => void connection.close().catch(() => undefined))
  return channel
}
