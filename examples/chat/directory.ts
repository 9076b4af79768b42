/**
 * The directory: the actor that gives out nicks, and the tokens by which a page that was cut off takes its own back.
 *
 * Rules: one is decided after the other. What was decided stands in the registry, where it goes with its owner's connection:
 * so nothing is lost if this actor fails, and nothing is left behind. Of a token only the hash is kept.
 */
import { createHash } from 'node:crypto'
import { type Ask, actorName, behaviour, type Random, type Registry, System } from 'greenroom'
import type { Member } from './member.ts'
import { nickName, nickOf, spelling } from './names.ts'

export type ClaimAnswer =
  /** Without a token the one that it has goes on being good. */
  | { readonly outcome: 'claimed'; readonly token: string | undefined }
  | { readonly outcome: 'taken' }
  /** As many names are in use as may be, or the member is no more. */
  | { readonly outcome: 'refused' }

interface Claim {
  readonly member: Member
  readonly nick: string
  /** Of the one who is called so: his connection is closed, and this one gets the nick. */
  readonly token?: string | undefined
}

export type DirectoryEvent =
  | Ask<{ readonly type: 'claim' } & Claim, ClaimAnswer>
  /** Its session is over, though its connection may linger. */
  | { readonly type: 'release'; readonly member: Member }

export const Directory = actorName<DirectoryEvent>('chat.directory')

/** The code is one of WebSocket's for applications. */
const TAKEN_OVER = { code: 4_001, reason: 'connected from elsewhere' }

export const directory = behaviour({
  name: 'directory',
  needs: [System],
  initial: 'open',
  states: {
    open: {
      claim: ({ ctx }, { member, nick, token: shown }: Claim): ClaimAnswer => {
        const { registry } = ctx.get(System)
        const holder = registry.find(nickName(nick))
        const isElsewhere = holder !== undefined && holder !== member
        if (isElsewhere) {
          if (shown === undefined || registry.find(tokenName(shown)) !== holder) return { outcome: 'taken' }
          if (!member.isAlive) return { outcome: 'refused' }
          forget(registry, holder)
          holder.send(ctx.withoutCancel(), { type: 'hangUp', ...TAKEN_OVER })
        }
        const was = nickOf(registry, member)
        if (registry.register(nickName(nick), member) !== 'registered') return { outcome: 'refused' }
        if (was !== undefined) {
          if (was.toLowerCase() !== nick.toLowerCase()) registry.unregister(nickName(was), member)
          registry.unregister(spelling(was), member)
        }
        registry.register(spelling(nick), member)
        if (!isElsewhere && was !== undefined) return { outcome: 'claimed', token: undefined }
        const token = isElsewhere ? shown! : drawToken(ctx.random)
        registry.register(tokenName(token), member)
        return { outcome: 'claimed', token }
      },
      release: ({ ctx }, { member }: { member: Member }) => forget(ctx.get(System).registry, member),
    },
  },
})

/** A connection has no names but those that it was given here. */
function forget(registry: Registry, member: Member): void {
  for (const name of registry.namesOf(member)) registry.unregister(actorName(name), member)
}

function tokenName(token: string): ReturnType<typeof nickName> {
  return actorName(`token:${createHash('sha256').update(token).digest('hex')}`)
}

/** 128 bits, hexadecimal. */
function drawToken(random: Random): string {
  return Array.from({ length: 4 }, () => random.nextUint32().toString(16).padStart(8, '0')).join('')
}
