/**
 * Law: on both databases the places of a room are dense, nothing is kept twice, and whatever is kept is told to the room, also
 * where its author has left meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createSystem, receiving, silentLog } from 'greenroom'
import { createSeededRandom } from 'greenroom/testing'
import type { Message } from '../../../examples/chat/chat-event.ts'
import { databaseStore } from '../../../examples/chat/database-store.ts'
import { roomName } from '../../../examples/chat/names.ts'
import type { RoomEvent } from '../../../examples/chat/room-event.ts'
import type { Receipt } from '../../../examples/chat/store.ts'
import { type DatabasePlace, openExamplesDatabase } from '../../../examples/database.ts'
import { postgresOrSkip } from '../../actors/transaction/postgres/server.ts'
import { dice } from './simulated-chat.ts'

async function placeOrSkip(t: ExecutionContext, kind: string): Promise<DatabasePlace | undefined> {
  if (kind === 'PostgreSQL') {
    const url = await postgresOrSkip(t)
    return url === undefined ? undefined : { url }
  }
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-chat-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return { file: join(folder, 'chat.db') }
}

async function opened(t: ExecutionContext, place: DatabasePlace) {
  const system = createSystem({ log: silentLog })
  t.teardown(() => system.stop())
  const database = await openExamplesDatabase(system.ctx, place)
  /** As the room's actor is told, in that order. */
  const told: Message[] = []
  const hearing = receiving<RoomEvent>(function* ({ receive }) {
    for (;;) told.push((yield* receive('said')).event.message)
  })
  system.spawn(system.ctx, hearing, { as: roomName('lobby'), mailbox: { capacity: 10_000 } })
  return { ctx: system.ctx, database, store: databaseStore(database), told }
}

function wanted(n: number, text = `word ${n}`) {
  return { room: 'lobby', id: `id-${n}`, nick: 'ann', text, atMs: 1_700_000_000_000 + n }
}

const COUNT = 400

for (const kind of ['SQLite', 'PostgreSQL']) {
  test.serial(`${kind}: many who speak at once are queued, and none fails or is done again`, async (t) => {
    const place = await placeOrSkip(t, kind)
    if (place === undefined) return
    const { ctx, database, store, told } = await opened(t, place)
    const says = Array.from({ length: COUNT }, (_, n) => database.transact(ctx, 'say', wanted(n)))
    const outcomes = await Promise.all(says.map(({ outcome }) => outcome))
    t.true(outcomes.every(({ status, attempts }) => status === 'committed' && attempts === 1))
    const kept = await allOf(store, ctx)
    t.deepEqual(
      kept.map(({ seq }) => seq),
      Array.from({ length: COUNT }, (_, i) => i + 1),
    )
    t.deepEqual(told.toSorted(bySeq), kept)
    const swapped = told.filter(({ seq }, i) => seq < (told[i - 1]?.seq ?? 0)).length
    t.log(`${swapped} of ${COUNT} were told in another order`)
    if (kind === 'SQLite') t.is(swapped, 0)
  })

  test.serial(`${kind}: said again it gives the first receipt, and takes no place`, async (t) => {
    const place = await placeOrSkip(t, kind)
    if (place === undefined) return
    const { ctx, store, told } = await opened(t, place)
    const receipts = await Promise.all(Array.from({ length: 20 }, () => store.say(ctx, wanted(1))))
    t.is(receipts.filter(({ isNew }) => isNew).length, 1)
    for (const { message } of receipts) t.deepEqual(message, { ...wanted(1), seq: 1 })
    for (const other of [wanted(1, 'else'), { ...wanted(1), nick: 'bob' }]) {
      const error = await t.throwsAsync(async () => await store.say(ctx, other))
      t.is((error as { code?: string }).code, 'MESSAGE_ID_TAKEN')
    }
    t.is((await store.say(ctx, { ...wanted(1), room: 'attic' })).message.seq, 1)
    t.is((await store.say(ctx, wanted(2))).message.seq, 2)
    t.deepEqual(
      told.map(({ seq }) => seq),
      [1, 2],
    )
    t.deepEqual(await store.before(ctx, { room: 'lobby', seq: 3, count: 1 }), [{ ...wanted(2), seq: 2 }])
    t.deepEqual(await store.after(ctx, { room: 'lobby', seq: 1, count: 9 }), [{ ...wanted(2), seq: 2 }])
    t.deepEqual(await store.recent(ctx, { room: 'nowhere', count: 9 }), [])
  })

  test.serial(`${kind}: what is kept is told, whenever its author has left`, async (t) => {
    const place = await placeOrSkip(t, kind)
    if (place === undefined) return
    const { ctx, database, store, told } = await opened(t, place)
    const roll = dice(createSeededRandom(5))
    const says = Array.from({ length: COUNT }, async (_, n) => {
      const [author, leave] = ctx.withCancel()
      const say = store.say(author, wanted(n)).then(
        ({ message }: Receipt) => message,
        () => undefined,
      )
      await ctx.after(roll(kind === 'SQLite' ? 30 : 500))
      leave('left')
      return say
    })
    await Promise.all(says)
    while (database.statistics().running > 0) await ctx.after(5)
    const kept = await allOf(store, ctx)
    t.deepEqual(told.toSorted(bySeq), kept)
    t.true(kept.length > 0 && kept.length < COUNT)
    t.log(`${kept.length} of ${COUNT} were kept`)
  })
}

async function allOf(
  { after }: ReturnType<typeof databaseStore>,
  ctx: Parameters<ReturnType<typeof databaseStore>['after']>[0],
) {
  return await after(ctx, { room: 'lobby', seq: 0, count: 10_000 })
}

function bySeq(a: Message, b: Message): number {
  return a.seq - b.seq
}
