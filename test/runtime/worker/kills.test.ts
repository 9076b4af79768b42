/**
 * Law: whenever a thread dies, each message is begun at most once, each question is settled once, and what it is told is
 * true: `hasBegun: false` means that it never was. What was told and not begun is handled by a later life, in its order.
 *
 * Deaths are drawn from a seed. A seed that fails becomes a test of its own.
 */
import test from 'ava'
import {
  type AnyEvent,
  CancelledError,
  createSeededRandom,
  nextFraction,
  onThread,
  type Ref,
  type ThreadLostError,
  threadModule,
} from 'greenroom'
import { atHome, type Home } from './home.ts'

const module = threadModule<typeof import('./marking.ts')>(new URL('./marking.ts', import.meta.url))
const MESSAGES = 120
const DEATHS = 3

type Fate = 'answered' | 'begun' | 'not begun' | 'cancelled' | 'told'

async function play(home: Home, seed: number) {
  const { spawn, ctx } = home
  const random = createSeededRandom(seed)
  const draw = (below: number) => Math.floor(nextFraction(random) * below)
  /** How often each message was begun. */
  const begun = new Int32Array(new SharedArrayBuffer(4 * MESSAGES))
  const ref = spawn(ctx, onThread(module, 'marking', { credits: 1 + draw(40) }), {
    name: 'marking',
    restart: { policy: 'permanent', intensity: DEATHS + 1 },
  }) as Ref<AnyEvent>
  const deaths = new Set(Array.from({ length: DEATHS }, () => draw(MESSAGES)))
  const fates: (Fate | Promise<Fate>)[] = []
  let settled = 0
  for (let at = 0; at < MESSAGES; at++) {
    const kind = deaths.has(at) ? ['exit', 'throwLater'][draw(2)] : 'mark'
    const event = { type: kind, at, begun } as AnyEvent
    if (draw(4) === 0) {
      ref.send(ctx, event)
      fates.push('told')
    } else {
      const question = ref.ask(ctx, event)
      fates.push(
        question.then(
          () => 'answered',
          (error): Fate => {
            if (error instanceof CancelledError) return 'cancelled'
            return (error as ThreadLostError).hasBegun ? 'begun' : 'not begun'
          },
        ) as unknown as Promise<Fate>,
      )
      const note = (): void => {
        settled += 1
      }
      question.listen(note, note)
      if (draw(10) === 0) question.cancel('never mind')
    }
    // Some go in one turn, some in many.
    if (draw(8) === 0) await new Promise(setImmediate)
  }
  const all = await Promise.all(fates)
  // A death that was only told may still come.
  const ask = () => ref.ask(ctx, { type: 'order' }, { timeoutMs: 20_000 })
  const order = (await ask().catch(ask)) as readonly number[]
  return { all, begun, order, settled, deaths: [...deaths] }
}

for (const seed of [1, 33]) {
  test.serial(
    `seed ${seed}`,
    atHome(async (t, home) => {
      const { all, begun, order, settled, deaths } = await play(home, seed)
      t.is(settled, all.filter((fate) => fate !== 'told').length, 'each question was settled, once')
      for (const [at, fate] of all.entries()) {
        const times = begun[at] ?? 0
        t.true(times <= 1, `${at} was begun once at most`)
        if (fate === 'answered') t.is(times, 1, `${at} was answered, so it was begun`)
        if (fate === 'not begun') t.is(times, 0, `${at} was not begun, as it was told`)
        if (fate === 'begun') t.true(deaths.includes(at) || times === 1, `${at} was begun, as it was told`)
        if (fate === 'told') t.is(times, 1, `${at} was told, and handled by this life or the next`)
      }
      t.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        'each life handles messages in their order',
      )
    }),
  )
}
