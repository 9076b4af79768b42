/** Law: a ref is held at home for as long as a thread may name it, however what is said and what is forgotten cross. */
import test from 'ava'
import fc from 'fast-check'
import { behaviour, createSystem, type Deferred, type Down, type Ref, silentLog } from 'greenroom'
import { toWire } from '../../../runtime/context/wire.ts'
import { HomeDesk, REFS_MAX } from '../../../runtime/worker/home-desk.ts'
import { type Batch, Link } from '../../../runtime/worker/link.ts'
import { Outbox } from '../../../runtime/worker/outbox.ts'
import {
  ALL_NAMINGS,
  type CrossedRef,
  FORGET_REF,
  HOME_DOWN,
  HOME_TELL,
} from '../../../runtime/worker/wire.ts'
import { asMessagePort, memoryChannel } from './memory-port.ts'

const quiet = behaviour({ initial: 'on', states: { on: {} } })

function aDesk() {
  const system = createSystem({ run: false, log: silentLog })
  const said: Batch[] = []
  const [port, there] = memoryChannel()
  const [link] = [port, there].map(
    (port) =>
      new Link(
        asMessagePort(port),
        (batch) => void said.push(batch),
        () => {},
      ),
  ) as [Link]
  const outbox = new Outbox({ link, onFirst: () => {}, onRefused: () => {}, failed: () => {} })
  const desk = new HomeDesk({ outbox, contextOf: () => system.ctx as never })
  /** What the thread is told. */
  const heard = () => {
    outbox.flush()
    there.carry()
    return said.splice(0).flat()
  }
  return { desk, heard, system, spawn: () => system.spawn(system.ctx, quiet) as Ref }
}

/** Those who watch `ref`, from now on. */
function watchersOf(ref: Ref): Set<Deferred<Down>> {
  const watchers = new Set<Deferred<Down>>()
  const watch = ref.watch.bind(ref)
  ref.watch = (ctx) => {
    const watcher = watch(ctx)
    watchers.add(watcher)
    watcher.attend(
      () => watchers.delete(watcher),
      () => watchers.delete(watcher),
    )
    return watcher
  }
  return watchers
}

/** How the thread keeps a ref: how often it has seen it named since it last let it go. */
type Step = 'name' | 'arrive' | 'let go' | 'forget arrives'

test('it is forgotten when the thread has let go of every naming, and not before', (t) => {
  const { desk, spawn } = aDesk()
  const step = fc.constantFrom<Step>('name', 'arrive', 'let go', 'forget arrives')
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const ref = spawn()
      let toThread: CrossedRef[] = []
      let toHome: number[] = []
      let seen = 0
      let number = 0
      const take = (what: Step): void => {
        if (what === 'name') {
          toThread.push(desk.cross(ref))
          number = toThread.at(-1)?.[0] as number
        }
        if (what === 'arrive') {
          seen += toThread.length
          toThread = []
        }
        if (what === 'let go' && seen > 0) {
          toHome.push(seen)
          seen = 0
        }
        if (what === 'forget arrives') {
          for (const times of toHome) desk.take([FORGET_REF, number, times], 0)
          toHome = []
        }
      }
      for (const what of steps) {
        take(what)
        const isOnItsWay = toThread.length > 0 || seen > 0
        if (!isOnItsWay) continue
        const again = desk.cross(ref)
        toThread.push(again)
        t.is(again[0], number, 'what it is named by there still leads to it')
      }
      if (number === 0) return
      for (const what of ['arrive', 'let go', 'forget arrives'] as const) take(what)
      t.not(desk.cross(ref)[0], number, 'it was forgotten')
    }),
  )
})

test('no more than 10,000 cross; one that is known crosses all the same', (t) => {
  const { desk, spawn } = aDesk()
  const first = spawn()
  const crossed = desk.cross(first)
  for (let i = 1; i < REFS_MAX; i++) desk.cross(spawn())
  t.is(desk.cross(first), crossed)
  t.throws(() => desk.cross(spawn()), { code: 'THREAD_REFS_FULL' })
  desk.take([FORGET_REF, crossed[0], 2], 0)
  t.notThrows(() => desk.cross(spawn()))
})

test('it is watched once, for as long as the thread knows of it', (t) => {
  const { desk, spawn } = aDesk()
  const [forgotten, lost] = [spawn(), spawn()]
  const [watchers, watchersOfLost] = [watchersOf(forgotten), watchersOf(lost)]
  const [number] = desk.cross(forgotten)
  desk.cross(forgotten)
  desk.cross(lost)
  t.is(watchers.size, 1)
  desk.take([FORGET_REF, number, 1], 0)
  t.is(watchers.size, 1)
  desk.take([FORGET_REF, number, 1], 0)
  t.is(watchers.size, 0)
  t.is(watchersOfLost.size, 1)
  desk.end()
  t.is(watchersOfLost.size, 0)
})

test('the thread is told of its end, and what it has said before still arrives', (t) => {
  const { desk, heard, system, spawn } = aDesk()
  const refused: string[] = []
  system.events.on('refused', ({ event, reason }) => void refused.push(`${event.type} ${reason}`))
  const ref = spawn()
  const [number, path] = desk.cross(ref)
  void ref.stop('enough')
  const end = ['stopped', { value: 'enough' }]
  t.deepEqual(heard(), [HOME_DOWN, number, end])
  const note = [HOME_TELL, 1, number, 0, toWire(system.ctx), { type: 'note' }]
  desk.take(note, 0)
  t.deepEqual(refused, ['note closed'])
  desk.take([FORGET_REF, number, ALL_NAMINGS], 0)
  desk.take(note, 0)
  t.is(refused.length, 1, 'it is forgotten')
  t.deepEqual(desk.cross(ref), [number, path, end], 'and is the same one when it is named again')
})

test('those that have ended take no room, and are not watched', (t) => {
  const { desk, heard, spawn } = aDesk()
  const ended = Array.from({ length: REFS_MAX + 1 }, spawn)
  for (const ref of ended) void ref.stop()
  for (const ref of ended) desk.cross(ref)
  t.notThrows(() => desk.cross(spawn()))
  t.deepEqual(heard(), [])
})
