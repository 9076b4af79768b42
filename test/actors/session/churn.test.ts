/**
 * Guards: peers and sessions that do anything in any order leave nothing: no actor, no timer, no conversation that waits for
 * ever; and what a session has sent to a peer that stays comes complete and in order. A seed that fails becomes a test.
 */
import test from 'ava'
import { receiving } from 'greenroom'
import type { Peer, SessionEvent } from 'greenroom/actors'
import type { MemoryClient } from 'greenroom/testing'
import { LineServer } from './server.ts'

/** Does what the line says; `#n` numbers what it says itself. */
const session = receiving<SessionEvent<string>, Peer<string>>(function* puppet({
  receive,
  wait,
  ctx,
  input: peer,
}) {
  let said = 0
  const say = (length: number): void => void peer.send(`#${said++} ${'x'.repeat(length)}`)
  for (;;) {
    const { event } = yield* receive()
    if (event.type === 'ended') {
      if (event.cause === 'hangUp') yield* wait(ctx.after(50))
      say(1)
      return
    }
    const [word, count = '1'] = event.message.split(' ')
    if (word === 'say') say(Number(count))
    if (word === 'flood') for (let i = 0; i < 2 * Number(count); i++) say(500)
    if (word === 'wait') yield* wait(ctx.after(Number(count)))
    if (word === 'long') yield* wait(ctx.after(10_000))
    if (word === 'end') return
    if (word === 'fail') throw new Error('boom')
    if (word === 'hangUp') peer.hangUp({ reason: 'go\r\naway' })
  }
})

const words = [
  'say 10',
  'say 50000',
  'flood 100',
  'wait 5',
  'wait 500',
  'forever',
  'end',
  'fail',
  'hangUp',
  '',
]

for (let seed = 1; seed <= 12; seed++) {
  test(`anything in any order leaves nothing (seed ${seed})`, async (t) => {
    const server = new LineServer({ seed })
    const { simulation } = server
    const { random, system } = simulation
    const pick = <T>(from: readonly T[]): T => from[random.nextUint32() % from.length] as T
    await server.listen(
      {
        session,
        whenSlow: seed % 2 === 0 ? 'disconnect' : 'dropOldest',
        missed: (missed) => `missed ${missed}`,
        limits: {
          messagesAheadMax: 3,
          queueMessagesMax: 50,
          idleTimeoutMs: 5_000,
          lineBytesMax: 80,
          sessionGraceMs: 1_000,
        },
      },
      { limits: { writeTimeoutMs: 5_000 } },
    )
    const clients: MemoryClient[] = []
    const acts: readonly ((client: MemoryClient) => unknown)[] = [
      (client) => client.write(`${pick(words)}\n`),
      (client) => client.write(`${pick(words)}\r\n${pick(words)}\n${pick(words)}\n`),
      (client) => client.write('say 1\n'.repeat(20)),
      (client) => client.write('\xff\xfb\x01'),
      (client) => client.read(1 + (random.nextUint32() % 100_000)),
      (client) => client.drain(),
      (client) => random.nextUint32() % 8 === 0 && client.end(),
      (client) => random.nextUint32() % 8 === 0 && client.close(),
      (client) => random.nextUint32() % 8 === 0 && client.reset(),
      (client) => random.nextUint32() % 8 === 0 && client.write('x'.repeat(100)),
      () => server.advance(random.nextUint32() % 300),
      () => server.settle(),
    ]
    for (let i = 0; i < 600; i++) {
      if (i % 15 === 0) clients.push(server.connect(pick([{}, { windowBytes: 1_000 }, { pieceBytes: 3 }])))
      await pick(acts)(pick(clients))
    }
    await server.advance(600_000)
    t.is(server.listening.connections, 0)
    t.is(system.actors, 1)
    for (const { text } of clients) checkOrder(t, text)
    t.deepEqual(
      server.deadLetters.filter(
        (letter) => !/^(message|deliver|ended|hangUp) (closed|unhandled)$/.test(letter),
      ),
      [],
    )
    t.true(server.logged.every(({ message }) => message === 'actor failed: boom'))
    await server.end()
  })
}

/** What a peer got is what was said, without gaps that it was not told of. */
function checkOrder(t: { is(a: unknown, b: unknown, message?: string): void }, text: string): void {
  let next = 0
  for (const line of text.split('\r\n')) {
    const number = /^#(\d+) x*$/.exec(line)?.[1]
    const missed = /^missed (\d+)$/.exec(line)?.[1]
    if (missed !== undefined) next += Number(missed)
    else if (number !== undefined) t.is(Number(number), next++, line.slice(0, 20))
  }
}
