/**
 * The loop: three generators, each wrapping the one below. One `next()` of the uppermost is one turn.
 *
 *     ready(poller)       select(): one readiness at a time, or IDLE
 *     transfers(ready)    the operating system's work: accept, receive, fire what is due
 *     turns(transfers)    delivers, steps the actors that have mail, flushes what they wrote
 *
 * A turn that begins with nothing ready, as most turns of actors that talk to each other do, does not resume the lower two.
 * All outward effects leave at the end of the turn: the turn is the batch.
 */
import type { Limits } from '../limits.ts'
import type { Poller, Port, Transfer } from './poller.ts'
import type { Turn } from './turn.ts'
import type { Work } from './work.ts'

/** Nothing is ready just now; the next question may be answered otherwise. */
export const IDLE = Symbol('idle')

export function* ready(poller: Poller): Generator<Port | typeof IDLE, never> {
  for (;;) yield poller.next() ?? IDLE
}

export function* transfers(ready: Iterable<Port | typeof IDLE>): Generator<Transfer | typeof IDLE, void> {
  for (const port of ready) {
    const transfer = port === IDLE ? IDLE : port.transfer()
    if (transfer !== undefined) yield transfer
  }
}

/** @param poller - the one at the bottom: where it says that nothing is ready, `transfers` is not asked. */
export function* turns(
  transfers: Iterator<Transfer | typeof IDLE>,
  work: Work,
  limits: Pick<Limits, 'turnTransfers'>,
  poller?: Pick<Poller, 'hasReady'>,
): Generator<Turn, void> {
  for (;;) {
    const turn = work.beginTurn()
    try {
      if (poller === undefined || poller.hasReady) takeIn(transfers, turn, limits.turnTransfers)
      work.step(turn)
      work.flush(turn)
    } finally {
      work.endTurn(turn)
    }
    yield turn
  }
}

function takeIn(transfers: Iterator<Transfer | typeof IDLE>, turn: Turn, transfersMax: number): void {
  while (turn.transfers < transfersMax) {
    const { value: transfer } = transfers.next()
    if (transfer === IDLE || transfer === undefined) return
    turn.transfers += 1
    if (transfer.type === 'fired') turn.timers += transfer.timers
    else transfer.port.owner?.transferred(transfer)
  }
}
