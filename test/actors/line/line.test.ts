/** Guards: what is sent is one line a line, whatever it holds; and who is sent away is told why, in a line of its own. */
import test from 'ava'
import { receiving } from 'greenroom'
import { createLineLimits, createSessionLimits, line, type Peer, type SessionEvent } from 'greenroom/actors'
import { served } from '../session/server.ts'

/** The test's hand on the one peer. */
function hand<Out = string>() {
  const hand = {
    peer: undefined as unknown as Peer<Out>,
    session: receiving<SessionEvent<string>, Peer<Out>>(function* ({ receive, input }) {
      hand.peer = input
      yield* receive('ended')
    }),
  }
  return hand
}

test('a message is a line of UTF-8, ended by CRLF', async (t) => {
  const held = hand()
  await served({ session: held.session }, async (t, server) => {
    const client = await server.opened()
    held.peer.send('é€𝄞')
    held.peer.send('')
    await server.settle()
    t.is(client.received.toString('utf8'), 'é€𝄞\r\n\r\n')
  })(t)
})

test('a message may be several lines, or none', async (t) => {
  const held = hand<readonly string[]>()
  await served<readonly string[]>({ session: held.session, encode: (lines) => lines }, async (t, server) => {
    const client = await server.opened()
    held.peer.send(['a', 'b'])
    held.peer.send([])
    held.peer.send(['c'])
    await server.settle()
    t.is(client.text, 'a\r\nb\r\nc\r\n')
  })(t)
})

for (const text of ['a\nb', 'a\r\nQUIT', 'a\r', '\n']) {
  test(`a message cannot smuggle a line into another: ${JSON.stringify(text)} is refused`, async (t) => {
    const held = hand()
    await served({ session: held.session }, async (t, server) => {
      const client = await server.opened()
      held.peer.send('before')
      held.peer.send(text)
      held.peer.send('after')
      await server.settle()
      t.is(client.text, 'before\r\nafter\r\n')
      t.deepEqual(
        server.logged.map(({ level, code }) => `${level} ${code}`),
        ['error LINE_BROKEN'],
      )
    })(t)
  })
}

const goodbyes: readonly [reason: string | undefined, line: string][] = [
  [undefined, ''],
  ['', '\r\n'],
  ['closing time', 'closing time\r\n'],
  ['a\r\nQUIT\nb\rc', 'a QUIT b c\r\n'],
  ['grüß Gott', 'grüß Gott\r\n'],
]

for (const [reason, goodbye] of goodbyes) {
  test(`who is hung up on for ${JSON.stringify(reason)} reads ${JSON.stringify(goodbye)}`, async (t) => {
    const held = hand()
    await served({ session: held.session }, async (t, server) => {
      const client = await server.opened()
      held.peer.send('hello')
      held.peer.hangUp(reason === undefined ? {} : { reason })
      await server.settle()
      t.is(client.received.toString('utf8'), `hello\r\n${goodbye}`)
      t.true(client.hasEnded)
    })(t)
  })
}

test('a goodbye comes behind all that waits for a slow peer, and the first one counts', async (t) => {
  const held = hand()
  await served({ session: held.session }, async (t, server) => {
    const client = await server.opened({ windowBytes: 100 })
    const lines = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(2_000)}`)
    for (const line of lines) held.peer.send(line)
    held.peer.hangUp({ reason: 'first' })
    held.peer.hangUp({ reason: 'second' })
    await server.settle()
    client.drain()
    await server.settle()
    t.is(client.text, [...lines, 'first', ''].join('\r\n'))
    t.true(client.hasEnded)
  })(t)
})

test('a peer that has missed lines is told how many, in the protocol’s words', async (t) => {
  const held = hand()
  await served(
    {
      session: held.session,
      whenSlow: 'dropOldest',
      missed: (missed) => `** ${missed} lines missed`,
      limits: { queueMessagesMax: 2 },
    },
    async (t, server) => {
      const client = await server.opened({ windowBytes: 1 })
      const long = 'x'.repeat(70_000)
      for (const text of [long, 'a', 'b', 'c', 'd']) held.peer.send(text)
      await server.settle()
      client.drain()
      await server.settle()
      t.is(client.text, `${long}\r\n** 2 lines missed\r\nc\r\nd\r\n`)
    },
  )(t)
})

test('telnet’s own bytes do not keep an idle peer', async (t) => {
  const held = hand()
  await served({ session: held.session, limits: { idleTimeoutMs: 1_000 } }, async (t, server) => {
    const client = await server.opened()
    for (let i = 0; i < 4; i++) {
      await server.advance(200)
      client.write('\xff\xf1')
    }
    await server.advance(200)
    t.true(client.hasEnded)
  })(t)
})

const converse = function* () {}

test('limits are refused by name', (t) => {
  const refused: readonly [limits: object, code: string, message: RegExp][] = [
    [
      { lineBytesMax: 0 },
      'LINE_LIMIT_INVALID',
      /line limit lineBytesMax must be a whole number from 1 to \d+, not 0/,
    ],
    [{ idleTimeoutMs: 2 ** 31 }, 'LINE_LIMIT_INVALID', /line limit idleTimeoutMs/],
    [{ queueMessagesMax: 0 }, 'SESSION_LIMIT_INVALID', /session limit queueMessagesMax/],
    [{ queueBytesMax: 0.5 }, 'SESSION_LIMIT_INVALID', /session limit queueBytesMax/],
    [{ messagesAheadMax: -1 }, 'SESSION_LIMIT_INVALID', /session limit messagesAheadMax/],
    [{ sessionGraceMs: Number.NaN }, 'SESSION_LIMIT_INVALID', /session limit sessionGraceMs/],
    [{ lineByteMax: 1 }, 'LINE_LIMIT_INVALID', /no line limit is named "lineByteMax"/],
  ]
  for (const [limits, code, message] of refused) t.throws(() => line({ converse, limits }), { code, message })
  t.throws(() => createLineLimits({ queue: 1 } as never), { code: 'LINE_LIMIT_INVALID', message: /"queue"/ })
  t.throws(() => createSessionLimits({ queue: 1 } as never), {
    code: 'SESSION_LIMIT_INVALID',
    message: /"queue"/,
  })
  t.notThrows(() => line({ converse, limits: { sessionGraceMs: 0 } }))
})

test('a line protocol has exactly one face', (t) => {
  t.throws(() => line({}), { code: 'LINE_FACE' })
  t.throws(() => line({ converse, session: hand().session }), { code: 'LINE_FACE' })
})

test('a session that has no grace at all ends in the turn in which it is told', async (t) => {
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    yield* receive('ended')
    input.send('in time')
  })
  await served({ session, limits: { sessionGraceMs: 0 } }, async (t, server) => {
    const client = await server.opened()
    client.end()
    await server.settle()
    t.is(client.text, 'in time\r\n')
    t.true(client.hasEnded)
  })(t)
})
