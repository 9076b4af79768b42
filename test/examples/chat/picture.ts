/**
 * Draws docs/chat.png anew, from the page itself: `node --import tsx test/examples/chat/picture.ts`. It needs a browser: see
 * chat-page.ts.
 */
import { join } from 'node:path'
import { root, startWebProcess } from '../web/web-process.ts'
import { joined } from './chat-client.ts'
import { openBrowser, talker } from './chat-page.ts'

const TALK: readonly (readonly [nick: string, text: string])[] = [
  ['ada', 'Morning! Did last night’s deploy drop anybody?'],
  ['bob', 'Nobody. Each connection is an actor: it finished its sentence first.'],
  ['bob', 'The pages came back by themselves, each with its place.'],
  ['ada', 'And whoever was just pressing Enter?'],
  ['bob', 'Said again, under the same id. It stands there once.'],
  ['ada', 'So the receipt is simply the message coming back?'],
  ['bob', 'After COMMIT, as for everybody else. Nobody sees what is not on the disk.'],
  ['ada', 'No special way for the author, no special bug for the author.'],
  ['bob', 'By the way: this room failed a minute ago. Did you notice?'],
  ['ada', 'Not at all. I was reading.'],
]
const OTHERS = {
  lobby: ['grace', 'eve', 'tim'],
  actors: ['joe', 'mia'],
  sqlite: ['lin', 'per'],
  tea: ['zoe'],
}

const cleanUps: (() => Promise<void>)[] = []
const t = { teardown: (cleanUp: () => Promise<void>) => cleanUps.unshift(cleanUp) }
const browser = await openBrowser()
t.teardown(() => browser.close())
try {
  const web = await startWebProcess(t)
  const clients = await Promise.all(
    Object.entries(OTHERS).flatMap(([room, nicks]) =>
      nicks.map((nick) => joined(t, web.chatPort, nick, room)),
    ),
  )
  const ada = await talker(t, browser, web.url!, 'ada', { room: 'lobby' })
  const bob = await talker(t, browser, web.url!, 'bob')
  for (const room of ['actors', 'sqlite']) {
    await ada.page.getByRole('textbox', { name: 'Another room' }).fill(room)
    await ada.page.getByRole('button', { name: 'Join' }).click()
    await ada.page.getByRole('button', { name: new RegExp(`^${room} 3 there`) }).waitFor()
  }
  await ada.page.getByRole('button', { name: /^lobby/ }).click()
  for (const [nick, text] of TALK) {
    const speaker = nick === 'ada' ? ada : bob
    await speaker.types(text)
    for (const each of [ada, bob]) await each.sees(text)
  }
  const [grace, , , joe] = clients
  joe!.say('A mailbox without a bound is a leak with a name.', 'Discuss.')
  grace!.say('/msg ada Lunch at one?')
  for (const name of ['actors 3 there 2 unread', 'grace 1 unread'])
    await ada.page.getByRole('button', { name }).waitFor()
  await ada.page.waitForFunction('document.getAnimations().length === 0')
  await ada.page.screenshot({ path: join(root, 'docs/chat.png') })
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
