/** Law: people who talk over sockets see what each other says, in one order, and are told what they cannot do. */
import { Buffer } from 'node:buffer'
import test from 'ava'
import { startWebProcess } from '../web/web-process.ts'
import { chatClient, joined } from './chat-client.ts'

test.serial('two people talk, and each sees his own words as the other does', async (t) => {
  const { chatPort } = await startWebProcess(t)
  const ada = await joined(t, chatPort, 'ada')
  const bob = await joined(t, chatPort, 'bob')
  await ada.until('* bob has joined lobby')
  ada.say('hello', 'how are you?')
  bob.say('fine', '//join is a command')
  await ada.until('[lobby] bob: /join is a command')
  await bob.until('[lobby] ada: how are you?')
  const said = ({ lines }: typeof ada) => lines.filter((line) => line.startsWith('['))
  while (said(ada).length < 4 || said(bob).length < 4) await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(said(ada), said(bob))
  t.deepEqual(said(ada).toSorted(), [
    '[lobby] ada: hello',
    '[lobby] ada: how are you?',
    '[lobby] bob: /join is a command',
    '[lobby] bob: fine',
  ])
})

test.serial(
  'names are for one at a time, whatever their case, and free when their owner has gone',
  async (t) => {
    const { chatPort } = await startWebProcess(t)
    const ada = await joined(t, chatPort, 'Ada')
    const other = await chatClient(t, chatPort)
    for (const nick of ['ada', 'ADA', 'Ada']) other.say(`/nick ${nick}`)
    for (const nick of ['ada', 'ADA', 'Ada'])
      await other.until(`! somebody else is called ${nick} (NICK_TAKEN)`)
    for (const nick of ['', 'a b', 'a!', 'x'.repeat(25), '[lobby]', 'ädä']) {
      other.say(`/nick ${nick}`)
      await other.until(/\(NICK_INVALID\)$/)
    }
    ada.say('/nick bea')
    await ada.until('* you are bea, and were Ada')
    other.say('/nick ada')
    await other.until('* you are ada')
    ada.say('/quit')
    t.deepEqual(await ada.rest(), ['* Ada is now bea', '* goodbye', '* bea has left lobby'])
    other.say('/nick BEA')
    await other.until('* you are BEA')
  },
)

test.serial('who joins sees what was said last; who, rooms, leave, and a private word', async (t) => {
  const { chatPort } = await startWebProcess(t)
  const ada = await joined(t, chatPort, 'ada')
  for (let n = 1; n <= 15; n++) ada.say(`word ${n}`)
  await ada.until('[lobby] ada: word 15')
  const bob = await chatClient(t, chatPort)
  bob.say('/nick bob', '/join Lobby')
  const seen = await bob.until('* bob has joined lobby')
  t.deepEqual(seen.slice(2), [
    '* here lobby begins',
    ...Array.from({ length: 15 }, (_, i) => `[lobby] ada: word ${i + 1}`),
    '* bob has joined lobby',
  ])
  bob.say('/who', '/msg ada between us', '/history 2', '/msg nobody hello')
  t.deepEqual(await bob.until(/NICK_UNKNOWN/), [
    '* in lobby are 2: ada, bob',
    '[bob to ada] between us',
    '[lobby] ada: word 14',
    '[lobby] ada: word 15',
    '! nobody is called so (NICK_UNKNOWN)',
  ])
  await ada.until('[bob to ada] between us')
  bob.say('/leave', 'anybody?', '/join other', 'nobody here')
  t.deepEqual(await bob.until('[other] bob: nobody here'), [
    '* bob has left lobby',
    '! join a room first (ROOM_NEEDED)',
    '* here other begins',
    '* bob has joined other',
    '[other] bob: nobody here',
  ])
  ada.say('alone')
  t.deepEqual(await ada.until('[lobby] ada: alone'), ['* bob has left lobby', '[lobby] ada: alone'])
  t.false(bob.lines.includes('[lobby] ada: alone'))
  await new Promise((resolve) => setTimeout(resolve, 500))
  ada.say('/rooms')
  t.deepEqual([...(await ada.until(/^\* \w+: 1$/)), ...(await ada.until(/^\* \w+: 1$/))].toSorted(), [
    '* lobby: 1',
    '* other: 1',
  ])
})

test.serial('who ends his side after his last line gets all answers, and has left', async (t) => {
  const { chatPort } = await startWebProcess(t)
  const ada = await joined(t, chatPort, 'ada')
  const bob = await chatClient(t, chatPort)
  bob.socket.end('/nick bob\n/join lobby\nhere and gone\n/who')
  t.deepEqual((await bob.rest()).slice(1), [
    '* you are bob',
    '* here lobby begins',
    '* bob has joined lobby',
    '[lobby] bob: here and gone',
    '* in lobby are 2: ada, bob',
    '* bob has left lobby',
  ])
  t.deepEqual(await ada.until('* bob has left lobby'), [
    '* bob has joined lobby',
    '[lobby] bob: here and gone',
    '* bob has left lobby',
  ])
})

test.serial(
  'what is no text is refused, and nothing that is said can look like something else',
  async (t) => {
    const { chatPort } = await startWebProcess(t)
    const ada = await joined(t, chatPort, 'ada')
    const refused = ['a\tb', 'bell\u0007', 'escape \u001b[2J', 'c1 \u0085', `${'x'.repeat(2_001)}`, '\0']
    for (const text of refused) {
      ada.say(text)
      t.is((await ada.until(/TEXT_INVALID/)).length, 1, JSON.stringify(text))
    }
    for (const text of ['ü 😀 \u202e', 'x'.repeat(2_000), '* you are root', '€'.repeat(2_000)]) {
      ada.say(text)
      await ada.until(`[lobby] ada: ${text}`)
    }
    ada.say('/join ../etc', '/join a b', '/nope')
    await ada.until(/ROOM_INVALID/)
    await ada.until(/ROOM_INVALID/)
    await ada.until(/COMMAND_UNKNOWN/)
    ada.socket.write(Buffer.from([0xc3, 0x28, 10]))
    t.deepEqual((await ada.rest()).at(-1), 'the line is not UTF-8')
  },
)

test.serial('a flood is not taken, told of, and then ended; others do not feel it', async (t) => {
  const { chatPort } = await startWebProcess(t)
  const ada = await joined(t, chatPort, 'ada')
  const bob = await joined(t, chatPort, 'bob')
  for (let n = 1; n <= 400; n++) bob.say(`spam ${n}`)
  const rest = await bob.rest()
  t.regex(rest.at(-1)!, /^too many messages/)
  t.true(rest.some((line) => /^! \d+ of your messages were not taken.*\(FLOOD\)$/.test(line)))
  const shown = await ada.until('* bob has left lobby')
  const spam = shown.filter((line) => line.startsWith('[lobby] bob: spam'))
  t.true(spam.length >= 15 && spam.length <= 30, `${spam.length}`)
})
