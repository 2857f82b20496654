import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect } from 'amqplib'
import type { ServerKind } from './find-or-start.ts'
import { freePort, onFreePort } from './free-port.ts'
import { unprivilegedAccount } from './unprivileged-account.ts'
import { Workspace } from './workspace.ts'

export const rabbitmq: ServerKind = {
  name: 'rabbitmq',
  variables: ['TEST_RABBITMQ_URL', 'RABBITMQ_URL'],
  defaultUrl: 'amqp://guest:guest@127.0.0.1:5672',
  binary: 'rabbitmq-server',
  debianPackage: 'rabbitmq-server',
  otherwise: 'brew install rabbitmq',
  check: checkRabbitmq,
  start: startRabbitmq,
}

/** The version of the RabbitMQ at that URL. @throws when nobody answers, or not in AMQP, or it refuses the user. */
export async function checkRabbitmq(url: string): Promise<string> {
  const connection = await connect(url, { timeout: 10_000 })
  connection.on('error', () => undefined)
  const { version } = connection.connection.serverProperties
  await connection.close()
  return version
}

export interface RabbitmqServer {
  readonly url: string
  /** Ends the server and removes all that it had on disk. */
  stop(): Promise<void>
  /** Ends the server by force and starts it again on the same data and port. */
  restart(): Promise<void>
}

/**
 * Starts a RabbitMQ of our own, on free ports of the loopback interface, in about ten seconds. It also goes when the process
 * ends without `stop`.
 */
export async function startRabbitmq(binary: string): Promise<RabbitmqServer> {
  const workspace = new Workspace({
    name: 'rabbitmq',
    account: unprivilegedAccount(),
    killSignal: 'SIGKILL',
  })
  try {
    const { port, started } = await onFreePort(
      (port) => startNode(workspace, binary, port),
      (error) => /eaddrinuse|address already in use/i.test(error.message),
    )
    let child = started.child
    return {
      url: urlOf(port),
      stop: () => workspace.dispose(),
      async restart() {
        await workspace.end(child, 'SIGKILL')
        child = await boot(workspace, binary, port, started.environment)
      },
    }
  } catch (error) {
    await workspace.dispose()
    throw error
  }
}

interface Node {
  child: ChildProcess
  environment: NodeJS.ProcessEnv
}

async function startNode(workspace: Workspace, binary: string, port: number): Promise<Node> {
  const { directory } = workspace
  const names = await startNameServer(workspace)
  const environment = {
    ...names,
    // Our shell script then becomes the server, instead of waiting for it in a process of its own.
    detached: 'true',
    RABBITMQ_NODENAME: `pg-capture-${process.pid}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_LOG_BASE: directory,
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(directory, 'config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    ERL_CRASH_DUMP_BYTES: '0',
  }
  return { child: await boot(workspace, binary, port, environment), environment }
}

async function boot(
  workspace: Workspace,
  binary: string,
  port: number,
  environment: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const startsBefore = startsIn(workspace)
  const child = workspace.start(scriptOf(binary), [], environment)
  // It boots for seconds, and a socket that knocks at a local port for so long will one day be given that very port as
  // its own, and be connected with itself. So the log is asked first.
  await workspace.untilReady(child, async () => {
    if (startsIn(workspace) === startsBefore) return false
    return checkRabbitmq(urlOf(port)).then(Boolean, () => false)
  })
  return child
}

function startsIn(workspace: Workspace): number {
  return workspace.log().split('Server startup complete').length
}

/**
 * Erlang's registry of node names. A server would start one by itself, which would then stay for ever and listen on a port
 * that everybody uses; where it finds ours, it does not.
 *
 * @returns the environment in which it is found.
 */
async function startNameServer(workspace: Workspace): Promise<NodeJS.ProcessEnv> {
  const port = await freePort()
  const environment = {
    ...withoutErlang(process.env),
    HOME: workspace.directory,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(port),
  }
  const child = workspace.start('epmd', [], environment)
  await workspace.untilReady(child, () => accepts(port))
  return environment
}

function withoutErlang(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(RABBITMQ_|ERL_|NOTIFY_SOCKET$)/.test(name)),
  )
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** The packages of Debian and Red Hat put a wrapper on the PATH that insists on an account and a place for the data. */
function scriptOf(binary: string): string {
  const wrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server'
  return /^\/usr\/s?bin\//.test(binary) && existsSync(wrapped) ? wrapped : binary
}

function urlOf(port: number): string {
  return `amqp://guest:guest@127.0.0.1:${port}`
}
