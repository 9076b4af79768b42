/** Somebody who chats, as everybody else knows him: his connection, to which things are said by `unicast`. */
import type { Ref } from 'greenroom'
import type { PeerEvent } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'

export type Member = Ref<PeerEvent<ChatEvent>>
