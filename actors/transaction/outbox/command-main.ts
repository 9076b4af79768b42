#!/usr/bin/env node
/** The program `greenroom`: gives the command its arguments, its streams, and a context. */
import { silentLog } from '../../../runtime/context/log.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { runCommand } from './command.ts'

const system = createSystem({ log: silentLog })
process.exitCode = await runCommand(system.ctx, process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
})
await system.stop()
