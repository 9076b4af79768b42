/**
 * What does a message cost?
 *
 * - `tell`: one sender that is no actor, one actor that counts. 1,024 messages are sent, the actor works them off, and
 *   so on, since mailboxes are bounded and an endless backlog would measure the garbage collector.
 * - `ping-pong`: two actors send one ball to and fro; a message is one hop.
 * - `ask`: a question to an actor, its answer awaited, then the next: the time of a whole round trip.
 *
 * Everybody does the same work, in the form that is cheapest for them and that their users would write.
 * `greenroom(inspected)` is no peer: it shows what observation costs, since an actor's xstate actor is made only then.
 */

import { erlangContender } from './harness/erlang.ts'
import { nodeCommand, ProcessContender } from './harness/process-contender.ts'
import type { Suite, Trial } from './harness/suite.ts'

const trial = (what: string): Trial => ({ name: what, figures: [{ what, unit: 'ns', better: 'lower' }] })
const contender = (who: string, module: string, ...args: readonly string[]) =>
  new ProcessContender(who, nodeCommand(new URL(module, import.meta.url), { args }))

export const messagingSuite: Suite = {
  name: 'messaging',
  trials: [trial('tell'), trial('ping-pong'), trial('ask')],
  rounds: 5,
  secondsDefault: 2.5,
  async open(log) {
    const erlang = await erlangContender(new URL('./messaging/messaging.erl', import.meta.url), log)
    return [
      contender('greenroom', './messaging/greenroom.ts'),
      ...(erlang === undefined ? [] : [erlang]),
      contender('nact', './messaging/nact.ts'),
      contender('xstate', './messaging/xstate.ts'),
      contender('greenroom(inspected)', './messaging/greenroom.ts', '--inspected'),
    ]
  },
}
