/**
 * How many messages a second does a chat server deliver, and how late?
 *
 * All clients are in one room. Eight of them say something, 64 bytes of JSON at a time, which the server sends to everybody, those
 * who said it too. Each delivery is checked: that nobody misses anything or gets it twice, and that all get the same order.
 *
 * - `throughput-512`: deliveries a second to 512 members; each of eight has four messages under way. The headline.
 * - `throughput-64`, `throughput-2048`: the same with so many.
 * - `latency-64`, `-512`, `-2048`: from the instant that something is said until a member has it, at 25,600 deliveries a second.
 * - `memory`: what an idle connection adds to the server's process.
 * - `lines-...`: the same in lines over plain TCP.
 *
 * Contenders over WebSocket: greenroom, ws with its own documentation's broadcast, Socket.IO; in lines: greenroom, and Twisted's
 * LineReceiver, whose rows say `skipped` where it is not installed. Each is a process on one core, the load another on another core.
 */
import { ChatServer } from './chat/chat-server.ts'
import { chatContenders, commandOf } from './chat/contenders.ts'
import { type ChatTrial, chatTrials } from './chat/trials.ts'
import { ContenderError, LineProcess, nodeCommand } from './harness/process-contender.ts'
import type { Contender, Log, Suite } from './harness/suite.ts'
import { type Placement, pinned, placeApart } from './harness/tools.ts'

export const chatSuite: Suite<ChatTrial> = {
  name: 'chat',
  trials: chatTrials,
  rounds: 5,
  secondsDefault: 10,
  async open(log, trials) {
    const placement = placeApart()
    const load = startLoad(placement)
    const contenders: Contender<ChatTrial>[] = [theLoad(load)]
    try {
      await load.readReady()
      for (const [who, contender] of chatContenders) {
        if (!trials.some(({ between }) => between.includes(who))) continue
        const command = commandOf(contender)
        contenders.push(
          typeof command === 'string'
            ? skipped(who, command, log)
            : await ChatServer.start(who, { contender, placement, load }),
        )
      }
      return contenders
    } catch (error) {
      await Promise.all(contenders.map((contender) => contender.end()))
      throw error
    }
  },
}

export function startLoad({ load }: Placement): LineProcess {
  const command = nodeCommand(new URL('./chat/load/generator.ts', import.meta.url))
  return new LineProcess('the load', pinned(command, load))
}

/** Takes part in no trial, and ends with the others. */
function theLoad(load: LineProcess): Contender<ChatTrial> {
  return { ...skipping('the load', 'it only asks'), end: () => load.end() }
}

function skipped(who: string, why: string, log: Log): Contender<ChatTrial> {
  log(`${who} is skipped: ${why}`)
  return skipping(who, why)
}

function skipping(who: string, why: string): Contender<ChatTrial> {
  return {
    who,
    skipped: why,
    measure: () => Promise.reject(new ContenderError(`${who}: ${why}`)),
    end: () => Promise.resolve(),
  }
}
