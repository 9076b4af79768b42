/** Law: a ref is held at home for as long as a thread may name it, however what is said and what is forgotten cross. */
import test from 'ava'
import fc from 'fast-check'
import { behaviour, createSystem, type Ref, silentLog } from 'greenroom'
import { HomeDesk, REFS_MAX } from '../../../runtime/worker/home-desk.ts'
import { Link } from '../../../runtime/worker/link.ts'
import { Outbox } from '../../../runtime/worker/outbox.ts'
import { type CrossedRef, FORGET_REF } from '../../../runtime/worker/wire.ts'
import { asMessagePort, memoryChannel } from './memory-port.ts'

const quiet = behaviour({ initial: 'on', states: { on: {} } })

function aDesk() {
  const system = createSystem({ run: false, log: silentLog })
  const [port] = memoryChannel()
  const link = new Link(
    asMessagePort(port),
    () => {},
    () => {},
  )
  const outbox = new Outbox({ link, onFirst: () => {}, onRefused: () => {} })
  const desk = new HomeDesk({ outbox, contextOf: () => system.ctx as never })
  return { desk, spawn: () => system.spawn(system.ctx, quiet) as Ref }
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
