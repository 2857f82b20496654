export {
  type BuildConsumer,
  consumeBuilds,
  type ConsumeBuildsOptions,
  type ConsumingChannel,
} from './consume-builds.ts'
export type { QueueChannel } from './rabbitmq-queues.ts'
export {
  type ConfirmingChannel,
  rabbitmqScheduler,
  type RabbitmqSchedulerOptions,
} from './rabbitmq-scheduler.ts'
