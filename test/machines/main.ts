import { runBuilder } from './builder.ts'
import { runHandler } from './handler.ts'
import type { MachineOptions } from './machine-options.ts'

// The program of a process that stands for a machine. It ends with the process that has started it.

process.once('disconnect', () => process.exit())
if (!process.connected) process.exit()
const options = JSON.parse(process.argv[2] ?? '') as MachineOptions
await (options.slot === undefined ? runBuilder(options) : runHandler(options, options.slot))
