/** greenroom: every connection is a member of one group, and each line goes to all of it. */
import type { PeerEvent } from '../../../actors/index.ts'
import { actorGroup, broadcast, createSystem, line, listen, silentLog } from '../../built.ts'
import { serveUntilStdinEnds } from '../../http/serve.ts'
import { WELCOME } from '../message.ts'

const system = createSystem({ log: silentLog })
const Room = actorGroup<PeerEvent<string>>('room')

const protocol = line({
  *converse(_ctx, lines) {
    system.registry.join(Room, lines.peer.ref)
    lines.send(WELCOME)
    for (;;) {
      const text = yield* lines.receive()
      if (text === undefined) return
      broadcast(system.ctx, Room, text)
    }
  },
})

const { port } = await listen(system.ctx, { endpoint: 'tcp:127.0.0.1:0', protocol })
serveUntilStdinEnds(port as number)
