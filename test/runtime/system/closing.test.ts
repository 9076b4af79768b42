/** Law: what gives back takes its time, and the end of its actor, or its next life, waits for that. */
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import type { AnyLogic, Instance } from '../../../runtime/system/logic.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { inWorld } from './world.ts'

/** Actors that fail when they are told anything, and that take until `closed` to give back what they hold. */
function closing(closed: () => Deferred<void> | undefined): AnyLogic {
  return {
    name: 'closing',
    needs: [],
    create: (): Instance => ({
      receive: () => {
        throw new RangeError('it broke')
      },
      isBusy: false,
      resume() {},
      drains: false,
      release: closed,
      value: 'on',
      context: undefined,
    }),
  }
}

test(
  'an actor ends when what it holds is given back, and its parent after it',
  inWorld(async (t, world) => {
    const closed = new Deferred<void>()
    const tree = supervisor({
      children: [
        child(
          'closing',
          closing(() => closed),
        ),
      ],
    })
    const parent = world.spawn(world.ctx, tree, { name: 'parent' })
    const stopped = parent.stop()
    await world.settle()
    t.deepEqual(world.told('stopped'), [])
    t.false(parent.isAlive)
    closed.resolve()
    await stopped
    t.deepEqual(
      world.told('stopped').map((line) => line.split(' ')[0]),
      ['parent/closing', 'parent'],
    )
  }),
)

test(
  'a restart waits for the life before to give back, and mail waits with it',
  inWorld(async (t, world) => {
    const closes: Deferred<void>[] = []
    const logic = closing(() => {
      const closed = new Deferred<void>()
      closes.push(closed)
      return closed
    })
    const ref = world.spawn(world.ctx, logic as never, { name: 'closing', restart: 'transient' })
    ref.send(world.ctx, { type: 'break' } as never)
    await world.settle()
    t.is(world.told('restarted').length, 0)
    closes[0]?.resolve()
    await world.settle()
    t.is(world.told('restarted').length, 1)
    const stopped = ref.stop()
    closes[1]?.resolve()
    await stopped
  }),
)

test(
  'the stop of a system waits for it, and goes on upwards from there',
  inWorld(async (t, world) => {
    const closed = new Deferred<void>()
    const tree = supervisor({
      children: [
        child(
          'closing',
          closing(() => closed),
        ),
        child(
          'other',
          closing(() => undefined),
        ),
      ],
    })
    world.spawn(world.ctx, tree, { name: 'parent' })
    const stopped = world.system.stop({ graceMs: 0 })
    await world.settle()
    t.true(stopped.isPending)
    closed.resolve()
    await stopped
    t.is(world.system.actors, 0)
  }),
)

test(
  'one that fails to give back has given back, and its failure is told',
  inWorld(async (t, world) => {
    const closed = new Deferred<void>()
    const ref = world.spawn(world.ctx, closing(() => closed) as never, { name: 'closing' })
    const stopped = ref.stop()
    closed.reject(new RangeError('stuck'))
    await stopped
    t.true(world.told('failed').some((line) => line.includes('stuck')))
  }),
)
