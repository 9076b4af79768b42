/** Law: one question to many is one that each understands, and its answers have its type. Never run. */
import type { Context } from '../../../runtime/context/context.ts'
import { type Answer, askAll } from '../../../runtime/system/ask-all.ts'
import type { Ask, Ref } from '../../../runtime/system/ref.ts'
import { holds, type Same } from '../../types/same.ts'

type RoomEvent = Ask<{ readonly type: 'who' }, string[]> | { readonly type: 'join'; readonly name: string }
declare const ctx: Context
declare const rooms: readonly Ref<RoomEvent>[]

const answers = await askAll(ctx, rooms, { type: 'who' })
holds<Same<(typeof answers)[number], Answer<string[], RoomEvent>>>()
// @ts-expect-error: nobody understands that
askAll(ctx, rooms, { type: 'nope' })
// @ts-expect-error: the name is missing
askAll(ctx, rooms, { type: 'join' })
