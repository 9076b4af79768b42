/**
 * What does an actor cost, to make and to keep?
 *
 * - `spawn-message-stop`: actors are spawned, each handles one message, each is stopped and has ended. In batches of
 *   100, since a server makes them side by side.
 * - `bytes per idle actor`: what 100,000 live actors add to the heap, each having handled one message, so that nothing
 *   about them is still to be made. Weighed after a full collection, in a fresh process for each round.
 *
 * `greenroom(inspected)` is no peer: it shows what observation costs, since an actor's xstate actor is made only then.
 */

import { erlangContender } from './harness/erlang.ts'
import { nodeCommand, ProcessContender } from './harness/process-contender.ts'
import type { Suite } from './harness/suite.ts'

const CYCLE = 'spawn-message-stop'
const IDLE = 'bytes per idle actor'

const contender = (who: string, module: string, ...args: readonly string[]) =>
  new ProcessContender(
    who,
    nodeCommand(new URL(module, import.meta.url), { nodeOptions: ['--expose-gc'], args }),
    [IDLE],
  )

export const spawnSuite: Suite = {
  name: 'spawn',
  trials: [
    { name: CYCLE, figures: [{ what: CYCLE, unit: 'ns', better: 'lower' }] },
    { name: IDLE, figures: [{ what: IDLE, unit: 'bytes', better: 'lower' }] },
  ],
  rounds: 5,
  secondsDefault: 2.5,
  async open(log) {
    const erlang = await erlangContender(new URL('./spawn/spawning.erl', import.meta.url), log, [IDLE])
    return [
      contender('greenroom', './spawn/greenroom.ts'),
      ...(erlang === undefined ? [] : [erlang]),
      contender('nact', './spawn/nact.ts'),
      contender('xstate', './spawn/xstate.ts'),
      contender('greenroom(inspected)', './spawn/greenroom.ts', '--inspected'),
    ]
  },
}
