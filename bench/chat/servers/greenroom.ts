/** greenroom: every WebSocket is a member of one group, and each message goes to all of it. */
import type { PeerEvent } from '../../../actors/index.ts'
import { actorGroup, broadcast, createSystem, http, listen, silentLog, websocket } from '../../built.ts'
import { serveUntilStdinEnds } from '../../http/serve.ts'
import { WELCOME } from '../message.ts'

const system = createSystem({ log: silentLog })
const Room = actorGroup<PeerEvent<string>>('room')

const room = websocket<string>({
  *converse(_ctx, messages) {
    system.registry.join(Room, messages.peer.ref)
    messages.send(WELCOME)
    for (;;) {
      const message = yield* messages.receive()
      if (message === undefined) return
      broadcast(system.ctx, Room, String(message))
    }
  },
})

const { port } = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({ respond: (ctx, request) => room.accept(ctx, request) }),
})
serveUntilStdinEnds(port as number)
