/** A listener outlives the failure of an accept: what only an operating system out of descriptors can show otherwise. */
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { BufferedListener } from '../../../runtime/loop/buffered-listener.ts'
import type { Transfer } from '../../../runtime/loop/poller.ts'
import { ReadyQueue } from '../../../runtime/loop/ready-queue.ts'

class FailingListener extends BufferedListener {
  releases = 0
  fail(code: string): void {
    this.failed(Object.assign(new Error(`accept ${code}`), { code }))
  }
  protected release(): Deferred<void> {
    this.releases += 1
    return Deferred.of(undefined)
  }
}

function createListener() {
  const queue = Object.assign(new ReadyQueue(), {
    defer() {},
    listen: () => Deferred.fail(new Error('not asked for')),
    connect: () => Deferred.fail(new Error('not asked for')),
  })
  const listener = new FailingListener(queue, { transport: 'unix', path: '/run/a' })
  const log: string[] = []
  const owner = {
    transferred(transfer: Transfer) {
      log.push(transfer.type === 'acceptFailed' ? transfer.error.message : transfer.type)
    },
  }
  const takeAll = () => {
    for (let port = queue.next(); port !== undefined; port = queue.next()) {
      const transfer = port.transfer()
      if (transfer !== undefined) port.owner?.transferred(transfer)
    }
  }
  return { listener, owner, log, takeAll, queue }
}

test('a failed accept is told, and the listener goes on', (t) => {
  const { listener, owner, log, takeAll } = createListener()
  listener.owner = owner
  listener.fail('EMFILE')
  takeAll()
  listener.fail('ENFILE')
  takeAll()
  t.deepEqual(log, ['accept EMFILE', 'accept ENFILE'])
})

test('of failures that come faster than turns the latest is told', (t) => {
  const { listener, owner, log, takeAll } = createListener()
  listener.owner = owner
  for (let i = 1; i <= 1_000; i++) listener.fail(`E${i}`)
  takeAll()
  t.deepEqual(log, ['accept E1000'])
})

test('nothing is told after close, and the address is let go of once', (t) => {
  const { listener, owner, log, takeAll } = createListener()
  listener.owner = owner
  listener.fail('EMFILE')
  t.is(listener.close(), listener.close())
  listener.fail('EMFILE')
  takeAll()
  t.deepEqual(log, [])
  t.is(listener.releases, 1)
})
