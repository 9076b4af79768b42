/** Sessions that tests hold conversations with. */
import { receiving } from 'greenroom'
import type { Peer, SessionEvent } from 'greenroom/actors'

/** Answers each line with `> ` and the line, and the end with its cause. */
export const parrot = receiving<SessionEvent<string>, Peer<string>>(function* parrot({
  receive,
  input: peer,
}) {
  for (;;) {
    const { event } = yield* receive()
    if (event.type === 'ended') return void peer.send(`ended: ${event.cause}`)
    peer.send(`> ${event.message}`)
  }
})

/** A session that notes what it takes, and needs so many milliseconds for each. */
export function slow(ms: number, taken: string[]) {
  return receiving<SessionEvent<string>, Peer<string>>(function* slow({ receive, wait, ctx, input: peer }) {
    for (;;) {
      const { event } = yield* receive()
      if (event.type === 'ended') return void peer.send(`ended: ${event.cause}`)
      taken.push(event.message)
      yield* wait(ctx.after(ms))
    }
  })
}

/** Hears of the end, and does not care. */
export const stubborn = receiving<SessionEvent<string>, Peer<string>>(function* stubborn({ receive }) {
  for (;;) yield* receive()
})
