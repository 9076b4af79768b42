/**
 * `npm run bench -- <suite> [trial...] [--json] [--plot] [--seconds N]`
 *
 * Progress goes to stderr, the result to stdout: a table, or with `--json` one object on the last line. Whatever goes
 * wrong with a contender or the command is one line and exit code 1.
 */

import { writeFileSync } from 'node:fs'
import { chatSuite } from './chat.ts'
import { ArgumentsError, parseArguments } from './harness/arguments.ts'
import { ContenderError } from './harness/process-contender.ts'
import { type Report, toTable } from './harness/report.ts'
import { runSuite } from './harness/rounds.ts'
import type { Suite } from './harness/suite.ts'
import { httpSuite } from './http.ts'
import { messagingSuite } from './messaging.ts'
import { overloadSuite } from './overload.ts'
import { spawnSuite } from './spawn.ts'
import { supervisionSuite } from './supervision.ts'
import { threadsSuite } from './threads.ts'
import { transactionsSuite } from './transactions.ts'

const suites: readonly Suite[] = [
  httpSuite,
  messagingSuite,
  spawnSuite,
  supervisionSuite,
  threadsSuite,
  overloadSuite,
  transactionsSuite,
  chatSuite,
]

try {
  const request = parseArguments(process.argv.slice(2), suites)
  const suite = suites.find(({ name }) => name === request.suite) as Suite
  const report = await runSuite(suite, {
    seconds: request.seconds,
    trials: request.trials,
    log: (line) => process.stderr.write(`${line}\n`),
  })
  process.stdout.write(`${request.isJson ? JSON.stringify(report) : toTable(report)}\n`)
  // After the report, which is not to be lost with the picture.
  if (request.isPlot) drawPlot(suite, report)
} catch (error) {
  // Anything else is a bug of the bench, and Node shows where.
  if (!(error instanceof ArgumentsError || error instanceof ContenderError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = 1
}

/** @throws ArgumentsError where the trials that were chosen are not those that it shows. */
function drawPlot({ plot }: Suite, report: Report): void {
  if (plot === undefined) return
  try {
    writeFileSync(plot.file, plot.draw(report))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ArgumentsError(`--plot: ${error.message}`)
  }
}
