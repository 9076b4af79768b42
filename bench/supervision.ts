/**
 * What does it cost that actors are looked after: to restart them, to stop many, to keep many, to share the loop fairly?
 *
 * - `restarts`: workers of one supervisor are told to crash, and the next message to each is handled by its new life. A
 *   hundred side by side; time for one crash and restart. A worker crashes as its users' code does, over an error made
 *   there and then, and to take down where that was is most of the time in JavaScript.
 * - `restarts untraced`: the same over an error that was made beforehand (Erlang: `exit`): what the restart itself takes.
 * - `restarts of all`: one of ten children crashes, all ten begin anew (`one_for_all`) and handle a message each. Ten such
 *   groups side by side; time for one group.
 * - `stop 100,000`: a supervisor over 100 supervisors of 1,000 idle workers each; from `stop()` until all have ended.
 * - `stop 100,000 flat`: the same with 100,000 children of one actor that is no supervisor.
 * - `million idle actors`: what the whole process takes when 1,000,000 live actors have handled one message each, and
 *   what is on the heap then. After a full collection, in a fresh process for each figure, with a heap of 2,048 MB at most.
 * - `fairness`: an actor has a million messages in its mailbox. As it works them off it sends a single message to another
 *   actor, and the next one when that has been handled, from all places in its step. How long does such a message wait, in
 *   microseconds, and behind how many of the million? A histogram of the last round is among the remarks.
 *
 * Everybody has the mildest of terms: nothing is logged, and restarts are not limited.
 */

import { erlangContender } from './harness/erlang.ts'
import { nodeCommand, ProcessContender } from './harness/process-contender.ts'
import type { Figure, Suite, Trial } from './harness/suite.ts'
import { isInstalled } from './harness/tools.ts'
import { EachFigure } from './supervision/each-figure.ts'
import { IDLE_HEAP_MB_MAX } from './supervision/work.ts'

/** The only trial that has more than figures to say. */
const FAIRNESS = 'fairness'
const OUR_BUDGET = 'a step has 256 (stepEnvelopes)'
const ERLANGS_BUDGET = 'a step has 4,000 reductions, which is 400 of these'
const RESIDENT = 'MB for a million'
const HEAP = 'MB of heap for a million'

const lower = (what: string, unit: string): Figure => ({ what, unit, better: 'lower' })

// A trial cannot be between one who is not there.
const erlangs = isInstalled('erl') && isInstalled('erlc') ? ['Erlang'] : []
const two = ['greenroom', ...erlangs]

const trials: readonly Trial[] = [
  { name: 'restarts', figures: [lower('restarts', 'ns')], between: [...two, 'nact'] },
  { name: 'restarts untraced', figures: [lower('restarts untraced', 'ns')], between: [...two, 'nact'] },
  { name: 'restarts of all', figures: [lower('restarts of all', 'ns')], between: two },
  { name: 'stop 100,000', figures: [lower('stop 100,000', 'ms')], between: two },
  { name: 'stop 100,000 flat', figures: [lower('stop 100,000 flat', 'ms')], between: two },
  {
    name: 'million idle actors',
    figures: [lower(RESIDENT, 'MB'), lower(HEAP, 'MB')],
    between: two,
    rounds: 1,
  },
  {
    name: FAIRNESS,
    figures: [
      lower('fairness p50', 'us'),
      lower('fairness p99', 'us'),
      lower('fairness max', 'us'),
      lower('fairness max envelopes', 'envelopes'),
    ],
    between: two,
  },
]

export const supervisionSuite: Suite = {
  name: 'supervision',
  trials,
  rounds: 5,
  secondsDefault: 2.5,
  async open(log) {
    const nodeOptions = ['--expose-gc', `--max-old-space-size=${IDLE_HEAP_MB_MAX}`]
    const greenroom = new ProcessContender(
      'greenroom',
      nodeCommand(new URL('./supervision/greenroom.ts', import.meta.url), { nodeOptions }),
      [RESIDENT, HEAP],
    )
    const erlang = await erlangContender(new URL('./supervision/supervising.erl', import.meta.url), log)
    return [
      new EachFigure(greenroom, FAIRNESS, OUR_BUDGET),
      ...(erlang === undefined ? [] : [new EachFigure(erlang, FAIRNESS, ERLANGS_BUDGET)]),
      new ProcessContender('nact', nodeCommand(new URL('./supervision/nact.ts', import.meta.url))),
    ]
  },
}
