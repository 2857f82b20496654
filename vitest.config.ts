import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^pg-capture$/, replacement: at('./src/index.ts') },
      {
        find: /^pg-capture\/sources\/pgoutput$/,
        replacement: at('./src/sources/pgoutput/pgoutput-source.ts'),
      },
      { find: /^pg-capture\/metrics\/open-telemetry$/, replacement: at('./src/metrics/open-telemetry.ts') },
      { find: /^pg-capture\/metrics\/prometheus$/, replacement: at('./src/metrics/prometheus.ts') },
      {
        find: /^pg-capture\/sources\/debezium$/,
        replacement: at('./src/sources/debezium/debezium-events.ts'),
      },
      {
        find: /^pg-capture\/sources\/redpanda-connect$/,
        replacement: at('./src/sources/redpanda-connect.ts'),
      },
      { find: /^pg-capture\/sources\/sequin$/, replacement: at('./src/sources/sequin.ts') },
      { find: /^pg-capture\/sources\/supabase$/, replacement: at('./src/sources/supabase.ts') },
      { find: /^pg-capture\/sources\/wal-listener$/, replacement: at('./src/sources/wal-listener.ts') },
      { find: /^pg-capture\/sources\/wal2json$/, replacement: at('./src/sources/wal2json.ts') },
      { find: /^pg-capture\/schedulers\/debounce$/, replacement: at('./src/schedulers/debounce.ts') },
      { find: /^pg-capture\/schedulers\/rabbitmq$/, replacement: at('./src/schedulers/rabbitmq.ts') },
      { find: /^pg-capture\/schedulers\/throttle$/, replacement: at('./src/schedulers/throttle.ts') },
      { find: /^pg-capture\/stores\/postgres-set$/, replacement: at('./src/stores/postgres-set.ts') },
      { find: /^pg-capture\/testing$/, replacement: at('./src/testing/ids-set-contract.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'services/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    // The tests mostly wait for servers. By default one core would be left to whoever watches.
    maxWorkers: '100%',
  },
})
