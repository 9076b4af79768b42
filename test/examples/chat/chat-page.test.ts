/**
 * Law: whoever sits at the page sees what everybody sees, in the same order, however often his connection breaks; and of what
 * others write nothing is ever more than text.
 *
 * Without a browser these tests are skipped: see chat-page.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { startWebProcess } from '../web/web-process.ts'
import { chatClient, joined } from './chat-client.ts'
import {
  type ChatPage,
  chatPage,
  hasBrowser,
  message,
  openBrowser,
  playedPage,
  talker,
  welcomes,
} from './chat-page.ts'

const implementation = hasBrowser ? anyTest.serial : anyTest.serial.skip
const test = implementation as TestFn['serial']

let browser: Browser

anyTest.before('open the browser', async () => {
  if (hasBrowser) browser = await openBrowser()
})
anyTest.after.always('close it', () => browser?.close())

const HOSTILE = [
  '<img src=x onerror="alert(1)">',
  '<script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  '&lt;b&gt; {{7*7}} javascript:alert(4)',
  '\u202Egnp.exe\u2066 left open',
]

test('two who talk at once see the same, in the same order', async (t) => {
  const web = await startWebProcess(t)
  const pages = await Promise.all(['ada', 'bob'].map((nick) => talker(t, browser, web.url!, nick)))
  const [ada, bob] = pages as [ChatPage, ChatPage]
  await ada.page.getByRole('button', { name: 'bob, write privately' }).waitFor()
  await Promise.all(
    pages.map(async (page, i) => {
      for (let n = 1; n <= 10; n++) await page.types(`${i}.${n}`)
    }),
  )
  for (const page of pages) for (const i of [0, 1]) for (let n = 1; n <= 10; n++) await page.sees(`${i}.${n}`)
  const shown = await ada.shown()
  t.is(shown.length, 20)
  t.deepEqual(await bob.shown(), shown)
  for (const i of [0, 1]) {
    const own = shown.filter((text) => text.startsWith(`${i}.`))
    t.deepEqual(
      own,
      Array.from({ length: 10 }, (_, n) => `${i}.${n + 1}`),
    )
  }
  for (const page of pages) t.deepEqual(page.complaints, [])
})

test('somebody at a page talks with somebody at a terminal', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada')
  const bob = await joined(t, web.chatPort, 'bob')
  await ada.log.getByText('bob came').waitFor()
  bob.say('from a terminal')
  await ada.sees('from a terminal')
  await ada.types('from a page')
  await bob.until('[lobby] ada: from a page')
  bob.say('/nick robert')
  await ada.page.getByRole('button', { name: 'robert, write privately' }).waitFor()
  bob.say('/quit')
  await ada.log.getByText('robert left').waitFor()
  const time = ada.log.locator('.msg time').first()
  t.regex((await time.textContent())!, /^\d\d:\d\d$/)
  t.regex((await time.getAttribute('title'))!, /^\w+day[, ]+\d+ \w+ \d{4} at \d\d:\d\d:\d\d$/)
  t.deepEqual(ada.complaints, [])
})

test('what others write is text, and a name is a name', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada')
  const bob = await joined(t, web.chatPort, 'bob')
  bob.say(...HOSTILE, '/msg ada <img src=x onerror="alert(5)">', 'the last')
  await ada.sees('the last')
  t.deepEqual((await ada.shown()).slice(0, -1), HOSTILE)
  await ada.page.getByRole('button', { name: /^bob 1 unread/ }).click()
  await ada.sees('<img src=x onerror="alert(5)">')

  const eve = await chatPage(t, browser, web.url!)
  await eve.page.getByRole('textbox', { name: 'What are you called?' }).fill('<b>eve</b>')
  await eve.page.getByRole('button', { name: 'Come in' }).click()
  await eve.page
    .getByRole('alert')
    .filter({ hasText: 'A name is 1 to 24 letters, digits, _ and -.' })
    .waitFor()
  await eve.comesIn('eve')
  for (const page of [ada, eve]) {
    t.is(await page.page.locator('#app :is(img, script, svg, b)').count(), 0)
    t.deepEqual(page.complaints, [])
  }
})

test('no server can say what would break it', async (t) => {
  const names = HOSTILE.map((nick, i) => ({ ...message(i + 1, 'said', nick) }))
  const { visitor, socket } = await playedPage(t, browser, welcomes(names))
  await visitor.comesIn('ada')
  const said = { type: 'said', ...message(6, 'after all of it') }
  socket.send(Buffer.from('bytes'))
  for (const text of ['', 'not JSON', 'null', '[]', '7', '{}', '{"type":"toString"}', '{"type":"__proto__"}'])
    socket.send(text)
  for (const [key, value] of [
    ['seq', -1],
    ['seq', '7'],
    ['atMs', 1e300],
    ['nick', null],
    ['text', {}],
    ['room', undefined],
  ])
    socket.send(JSON.stringify({ ...said, [key as string]: value }))
  const rest = [
    { type: 'history', room: 'lobby', messages: [null] },
    { type: 'history', room: 'elsewhere', messages: [], isAll: true },
    { type: 'members', room: 'lobby', nicks: [7], count: 1 },
    { type: 'rooms', rooms: [null] },
    { type: 'rooms', rooms: [{ room: HOSTILE[0], members: 1 }] },
    { type: 'left', room: 'elsewhere', nick: 'ada' },
    { type: 'failed', code: 'SOME', message: HOSTILE[0] },
    { type: 'notice', text: HOSTILE[1] },
    said,
  ]
  for (const event of rest) socket.send(JSON.stringify(event))
  await visitor.sees('after all of it')
  t.deepEqual(await visitor.log.locator('.nick').allTextContents(), [...HOSTILE, 'bob'])
  await visitor.page.getByRole('region', { name: 'Notices' }).getByText(HOSTILE[1]!).waitFor()
  t.is(await visitor.page.locator('#app :is(img, script, svg, b)').count(), 0)
  t.deepEqual(visitor.complaints, [])
})

test('the server is killed and started again: nothing is lost, nothing comes twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-chat-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const env = { DATABASE_FILE: join(folder, 'chat.db') }
  const first = await startWebProcess(t, env)
  const ada = await talker(t, browser, first.url!, 'ada')
  const bob = await talker(t, browser, first.url!, 'bob')
  for (const text of ['one', 'two']) await ada.types(text)
  await bob.sees('two')

  first.child.kill('SIGKILL')
  await first.ended
  await ada.is('offline')
  await ada.status.getByText(/^again in \d+ s$/).waitFor()
  await ada.types('typed while nobody listens')
  await ada.log.locator('.msg.waiting').getByText('typed while nobody listens').waitFor()
  await ada.log.getByText('sending').waitFor()
  // It would outlive the page as well.
  t.is(await ada.page.evaluate("JSON.parse(sessionStorage.getItem('greenroom.chat')).outbox.length"), 1)

  const second = await startWebProcess(t, { ...env, PORT: String(first.port) })
  for (const page of [ada, bob]) {
    await page.is('live')
    await page.sees('typed while nobody listens')
  }
  await bob.types('three')
  await ada.sees('three')
  const expected = ['one', 'two', 'typed while nobody listens', 'three']
  for (const page of [ada, bob]) {
    t.deepEqual(await page.shown(), expected)
    t.is(await page.log.getByText('sending').count(), 0)
    t.deepEqual(page.complaints, [])
  }
  const eve = await joined(t, second.chatPort, 'eve')
  eve.say('/history 100')
  const told = await eve.until('[lobby] bob: three')
  t.is(told.filter((line) => line.includes('typed while')).length, 1)
})

test('a connection that breaks is made anew, with its place and its says', async (t) => {
  const known = [message(1), message(2)]
  const { visitor, asked, socket } = await playedPage(t, browser, (command, say, number) => {
    if (number === 1) return welcomes(known)(command, say, number)
    // By the time it comes back more was said, and what it said itself was kept though it never heard of it.
    const { type, after, id, text } = command
    if (type === 'say') {
      const repeated = { type: 'said', isRepeat: true, ...message(3, String(text), 'ada'), id }
      say(repeated, repeated)
    } else
      welcomes([message(3, 'in doubt', 'ada'), message(4)].slice(Number(after) - 2), 4)(command, say, number)
  })
  await visitor.comesIn('ada')
  await visitor.types('in doubt')
  await visitor.log.getByText('sending').waitFor()
  await socket.close({ code: 1_011 })
  await visitor.is('offline')
  await visitor.page.evaluate("dispatchEvent(new Event('online'))")
  await visitor.is('live')
  await visitor.sees('message 4')
  await visitor.sees('in doubt')
  t.deepEqual(await visitor.shown(), ['message 1', 'message 2', 'in doubt', 'message 4'])
  const [before, after] = asked as [Record<string, unknown>[], Record<string, unknown>[]]
  t.deepEqual(after[0], { type: 'nick', nick: 'ada', token: 'a token' })
  t.deepEqual(
    after.find(({ type }) => type === 'join'),
    { type: 'join', room: 'lobby', after: 2 },
  )
  const [first, again] = [before, after].map((commands) => commands.find(({ type }) => type === 'say'))
  t.deepEqual(again, first)
  t.deepEqual(visitor.complaints, [])
})

test('who comes back too late is shown what is new, and what is missing in between', async (t) => {
  const older = Array.from({ length: 50 }, (_, i) => message(i + 3))
  const { visitor, socket } = await playedPage(t, browser, (command, say, number) => {
    const { type, after } = command
    if (number === 1) return welcomes([message(1), message(2)])(command, say, number)
    if (type === 'join' && after !== undefined)
      return say({ type: 'failed', code: 'PLACE_TOO_OLD', message: 'too much' })
    if (type === 'history') return say({ type: 'history', room: 'lobby', messages: older, isAll: false })
    return welcomes([message(53), message(54)], 54)(command, say, number)
  })
  await visitor.comesIn('ada')
  await socket.close()
  await visitor.page.getByRole('button', { name: 'Try now' }).click()
  await visitor.is('live')
  await visitor.sees('message 54')
  await visitor.log.getByText('50 messages are missing here').waitFor()
  await visitor.page.getByText('More was said in lobby while you were away').waitFor()
  await visitor.log.getByRole('button', { name: 'Load' }).click()
  await visitor.sees('message 30')
  t.is(await visitor.log.getByText('missing here').count(), 0)
  t.is((await visitor.shown()).length, 54)
  t.deepEqual(visitor.complaints, [])
})

test('what it was too slow for is loaded again', async (t) => {
  const { visitor, socket } = await playedPage(t, browser, (command, say, number) => {
    if (command.type !== 'history') return welcomes([message(1)])(command, say, number)
    say({ type: 'history', room: 'lobby', messages: [message(8), message(9)], isAll: false })
  })
  await visitor.comesIn('ada')
  socket.send(JSON.stringify({ type: 'missed', count: 8 }))
  await visitor.sees('message 9')
  await visitor.page.getByText('8 events did not reach it').waitFor()
  await visitor.log.getByText('6 messages are missing here').waitFor()
  t.deepEqual(visitor.complaints, [])
})

test('who is called so by now is asked for another name, and keeps the rest', async (t) => {
  const { visitor, asked, socket } = await playedPage(t, browser, (command, say, number) => {
    if (number > 1 && command.type === 'nick' && command.nick === 'ada')
      return say({ type: 'failed', code: 'NICK_TAKEN', message: 'somebody else is called ada' })
    if (command.type === 'say')
      return say({ type: 'said', ...message(2, String(command.text), 'ada2'), id: command.id })
    welcomes([message(1)])(
      command,
      (...events) => {
        say(
          ...events.map((event) =>
            number > 1 && event.type === 'joined' ? { ...event, nick: 'ada2' } : event,
          ),
        )
      },
      number,
    )
  })
  await visitor.comesIn('ada')
  await socket.close()
  await visitor.is('offline')
  await visitor.types('unsaid')
  await visitor.page.getByRole('button', { name: 'Try now' }).click()
  await visitor.page.getByRole('alert').filter({ hasText: 'Somebody else is called ada now.' }).waitFor()
  const claims = asked[1]!.filter(({ type }) => type === 'nick')
  t.deepEqual(claims, [
    { type: 'nick', nick: 'ada', token: 'a token' },
    { type: 'nick', nick: 'ada' },
  ])
  await visitor.comesIn('ada2')
  await visitor.sees('message 1')
  await visitor.sees('unsaid')
  t.is(asked[1]!.find(({ type }) => type === 'join')?.after, 1)
  t.deepEqual(visitor.complaints, [])
})

test('one that is open twice is live where it was opened last', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada')
  const [copy] = await Promise.all([
    ada.page.context().waitForEvent('page'),
    // A tab that is made from another begins with what that one remembers.
    ada.page.evaluate("void window.open(location.href, '_blank')"),
  ])
  await copy
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor()
  await ada.status.filter({ hasText: 'open elsewhere' }).waitFor()
  await ada.page.getByRole('button', { name: 'Go on here' }).click()
  await ada.is('live')
  await copy.getByRole('status').filter({ hasText: 'open elsewhere' }).waitFor()
  t.deepEqual(ada.complaints, [])
})

test('is who it was when it is loaded again, and another tab is another one', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada')
  await ada.types('before')
  await ada.sees('before')
  await ada.page.reload()
  await ada.is('live')
  await ada.sees('before')
  const other = await ada.page.context().newPage()
  await other.goto(`${web.url}/chat`)
  await other.getByRole('textbox', { name: 'What are you called?' }).fill('ada')
  await other.getByRole('button', { name: 'Come in' }).click()
  await other.getByRole('alert').filter({ hasText: 'Somebody else is called ada now.' }).waitFor()
  t.deepEqual(ada.complaints, [])
})

test('says so when the server is stopping, and finds the next one', async (t) => {
  const first = await startWebProcess(t)
  const ada = await talker(t, browser, first.url!, 'ada')
  await ada.types('kept by the first')
  await ada.sees('kept by the first')
  first.child.kill('SIGTERM')
  const notice = ada.page.getByRole('region', { name: 'Notices' }).getByText('The server is stopping.')
  await notice.waitFor()
  await ada.is('offline')
  t.is((await first.ended).code, 0)
  // On another database: what was said before is not there any more.
  await startWebProcess(t, { PORT: String(first.port) })
  await ada.is('live')
  await notice.waitFor({ state: 'detached' })
  await ada.types('here we are again')
  await ada.sees('here we are again')
  await ada.page.getByText('What was said in lobby before is not there any more').waitFor()
  t.deepEqual(await ada.shown(), ['here we are again'])
  t.deepEqual(ada.complaints, [])
})

test('what was refused as too much is said again, and who was at the end stays there', async (t) => {
  let isRefused = true
  const known = Array.from({ length: 20 }, (_, i) => message(i + 1))
  const { visitor, asked } = await playedPage(t, browser, (command, say, number) => {
    const { type, id, text } = command
    if (type !== 'say') return welcomes(known)(command, say, number)
    if (isRefused) say({ type: 'failed', code: 'FLOOD', message: 'too much' })
    else say({ type: 'said', ...message(21, String(text), 'ada'), id })
    isRefused = false
  })
  await visitor.comesIn('ada')
  await visitor.types('once')
  await visitor.page.getByText('That was too much at once.').waitFor()
  await visitor.sees('once')
  t.true(await visitor.log.getByText('once').isVisible())
  t.false(await visitor.page.getByRole('button', { name: /To the newest/ }).isVisible())
  const ids = asked[0]!.filter(({ type }) => type === 'say').map(({ id }) => id)
  t.is(ids.length, 2)
  t.is(new Set(ids).size, 1)
  t.deepEqual(visitor.complaints, [])
})

test('what could not be said is shown with why, and can be said again or dropped', async (t) => {
  let failures = 2
  const { visitor, asked } = await playedPage(t, browser, (command, say, number) => {
    const { type, id, text } = command
    if (type !== 'say') return welcomes([message(1)])(command, say, number)
    if (failures-- > 0) say({ type: 'failed', code: 'TRANSACTION_QUEUE_FULL', message: 'too much to do', id })
    else say({ type: 'said', ...message(2, String(text), 'ada'), id })
  })
  await visitor.comesIn('ada')
  await visitor.types('again')
  await visitor.log.getByText('Not said: too much to do (TRANSACTION_QUEUE_FULL)').waitFor()
  await visitor.log.getByRole('button', { name: 'Say again' }).click()
  await visitor.log.getByText('Not said: ').waitFor()
  await visitor.log.getByRole('button', { name: 'Say again' }).click()
  await visitor.sees('again')
  const ids = asked[0]!.filter(({ type }) => type === 'say').map(({ id }) => id)
  t.is(ids.length, 3)
  t.is(new Set(ids).size, 1)

  failures = 1
  await visitor.types('never mind')
  await visitor.log.getByRole('button', { name: 'Discard' }).click()
  await visitor.log.getByText('never mind').waitFor({ state: 'detached' })
  t.deepEqual(await visitor.shown(), ['message 1', 'again'])
  t.deepEqual(visitor.complaints, [])
})

test('no more than 2,000 messages stand there, and the newest are always to be had', async (t) => {
  const all = Array.from({ length: 5_000 }, (_, i) => message(i + 1))
  let last = 20
  const { visitor, socket } = await playedPage(t, browser, (command, say, number) => {
    const { type, before = last + 1, count } = command
    if (type !== 'history') return welcomes(all.slice(0, 20), 20)(command, say, number)
    const until = Math.min(Number(before) - 1, last)
    const messages = all.slice(Math.max(0, until - Number(count)), until)
    say({ type: 'history', room: 'lobby', messages, isAll: messages[0]?.seq === 1 })
  })
  await visitor.comesIn('ada')
  const flow = async (count: number) => {
    for (const next of all.slice(last, last + count)) socket.send(JSON.stringify({ type: 'said', ...next }))
    last += count
  }
  const messages = visitor.log.locator('.msg')
  await flow(2_500)
  await visitor.sees('message 2520')
  t.true((await messages.count()) <= 2_000)
  t.true((await messages.count()) >= 1_900)
  // Whoever reads what was said before is not disturbed: what comes is loaded when he goes there.
  await visitor.page.evaluate("document.querySelector('#log').scrollTo(0, 20_000)")
  await visitor.page.getByRole('button', { name: /To the newest/ }).waitFor()
  const isHeld = await holdsPlace(visitor.page)
  await flow(500)
  await visitor.page.getByRole('button', { name: '↓ 500 new' }).waitFor()
  t.true((await messages.count()) <= 2_000)
  await isHeld(t)
  await visitor.page.getByRole('button', { name: '↓ 500 new' }).click()
  await visitor.sees('message 3020')
  t.true((await messages.count()) <= 2_000)
  await flow(1)
  await visitor.sees('message 3021')
  t.is(await visitor.log.getByText('missing here').count(), 0)
  t.deepEqual(visitor.complaints, [])
})

test('what was said before comes when one scrolls up, and the place stays', async (t) => {
  const web = await startWebProcess(t)
  const talkers = await Promise.all(Array.from({ length: 8 }, (_, i) => joined(t, web.chatPort, `t${i}`)))
  for (const [i, talker] of talkers.entries()) {
    const texts = Array.from({ length: 15 }, (_, n) => `${i}.${n}`)
    talker.say(...texts)
    await talker.until(`[lobby] t${i}: ${texts.at(-1)}`)
  }
  const ada = await talker(t, browser, web.url!, 'ada')
  // Where something is that just arrives, moving, cannot be compared.
  await ada.page.emulateMedia({ reducedMotion: 'reduce' })
  await ada.sees('7.14')
  t.true((await ada.shown()).length <= 70)
  for (;;) {
    const count = await ada.log.locator('.msg').count()
    if (count === 120) break
    const isHeld = await holdsPlace(ada.page, '() => document.querySelector("#log").scrollTo(0, 10)')
    await ada.page.waitForFunction(`document.querySelectorAll('.msg').length > ${count}`)
    await isHeld(t)
  }
  await ada.log.getByText('Here lobby begins.').waitFor()
  const shown = await ada.shown()
  t.is(shown.length, 120)
  t.is(new Set(shown).size, 120)
  t.deepEqual(ada.complaints, [])
})

/** Where a message stands that can be seen, after `first`; then, that it stands there still. */
async function holdsPlace(page: Page, first = '() => {}') {
  const [text, top] = (await page.evaluate(`
    (${first})()
    const log = document.querySelector('#log')
    const upper = log.getBoundingClientRect().top
    const node = [...log.querySelectorAll('.text')].find((node) => node.getBoundingClientRect().top > upper)
    ;[node.textContent, node.getBoundingClientRect().top]
  `)) as [string, number]
  return async (t: { true(is: boolean, why: string): unknown }) => {
    const now = (await page.evaluate(
      `[...document.querySelectorAll('.text')].find(({ textContent }) => textContent === ${JSON.stringify(text)}).getBoundingClientRect().top`,
    )) as number
    t.true(Math.abs(now - top) <= 1, `${text} was at ${top} and is at ${now}`)
  }
}

test('rooms: another one, what is unread there, and leaving', async (t) => {
  const web = await startWebProcess(t)
  const bob = await joined(t, web.chatPort, 'bob', 'attic')
  const ada = await talker(t, browser, web.url!, 'ada')
  const { page } = ada
  const rooms = page.getByRole('list', { name: 'Your rooms' })
  // One that is there already, and one that is made.
  await page.getByRole('list', { name: 'More rooms' }).getByRole('button', { name: 'attic 1 there' }).click()
  await page.getByRole('heading', { name: 'attic' }).waitFor()
  await page.getByRole('textbox', { name: 'Another room' }).fill('Cellar!')
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByRole('alert').filter({ hasText: 'A room is called by' }).waitFor()
  await page.getByRole('textbox', { name: 'Another room' }).fill('cellar')
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByRole('heading', { name: 'cellar' }).waitFor()
  await rooms.getByRole('button', { name: 'cellar 1 there' }).waitFor()
  await page.waitForFunction("document.activeElement.id === 'text'")
  await ada.types('in the cellar')
  await ada.sees('in the cellar')
  await ada.input.fill('not said yet')

  bob.say('one', 'two')
  await rooms.getByRole('button', { name: 'attic 2 there 2 unread' }).click()
  await ada.sees('two')
  t.deepEqual(await ada.shown(), ['one', 'two'])
  await ada.log.getByText('New', { exact: true }).waitFor()
  await rooms.getByRole('button', { name: /^attic 2 there$/ }).waitFor()
  t.is(await ada.input.inputValue(), '')
  await rooms.getByRole('button', { name: 'cellar' }).click()
  t.is(await ada.input.inputValue(), 'not said yet')
  await rooms.getByRole('button', { name: 'attic' }).click()

  await page.getByRole('button', { name: 'Leave attic' }).click()
  await bob.until('* ada has left attic')
  await rooms.getByRole('button', { name: 'attic' }).waitFor({ state: 'detached' })
  bob.say('nobody hears it')
  await bob.until('[attic] bob: nobody hears it')
  for (const name of ['cellar', 'lobby']) await page.getByRole('button', { name: `Leave ${name}` }).click()
  await page.getByRole('heading', { name: 'Come in' }).waitFor()
  await page.getByLabel('Which room?').fill('attic')
  await page.getByRole('button', { name: 'Come in' }).click()
  await ada.sees('nobody hears it')
  t.deepEqual(ada.complaints, [])
})

test('a private word', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada')
  const bob = await talker(t, browser, web.url!, 'bob')
  const eve = await joined(t, web.chatPort, 'eve')
  await ada.page.getByRole('button', { name: 'bob, write privately' }).click()
  await ada.page.getByRole('heading', { name: 'bob' }).waitFor()
  await ada.types('between us')
  await ada.sees('between us')
  await bob.page.waitForFunction("document.title.startsWith('(1) ')")
  await bob.page.getByRole('list', { name: 'Private' }).getByRole('button', { name: 'ada 1 unread' }).click()
  await bob.sees('between us')
  await bob.types('so be it')
  await ada.sees('so be it')
  t.deepEqual(await ada.shown(), ['between us', 'so be it'])
  t.deepEqual(await bob.shown(), ['between us', 'so be it'])
  t.false(eve.lines.some((line) => line.includes('between us')))
  // To nobody: it is told so at the message.
  await bob.page.close()
  await eve.until('* bob has left lobby')
  await ada.types('are you there')
  await ada.log.getByText('Not said: nobody is called so (NICK_UNKNOWN)').waitFor()
  t.deepEqual(ada.complaints, [])
})

test('Enter sends, but for one that ends a composition', async (t) => {
  const { visitor, asked } = await playedPage(t, browser, welcomes())
  await visitor.comesIn('ada')
  await visitor.input.fill('にほん')
  const prevents = (init: string) =>
    visitor.page.evaluate(
      `!document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', cancelable: true, ${init} }))`,
    )
  t.true(await prevents('isComposing: true'))
  t.true(await prevents('keyCode: 229'))
  t.false(await prevents('keyCode: 13'))
  await visitor.input.press('Enter')
  await visitor.log.getByText('にほん').waitFor()
  t.is(await visitor.input.inputValue(), '')
  // Nothing at all is nothing to say.
  await visitor.types('   ')
  t.is(asked[0]!.filter(({ type }) => type === 'say').length, 1)
})

test('fits a phone: rooms and people in drawers, the input always there', async (t) => {
  const web = await startWebProcess(t)
  const ada = await talker(t, browser, web.url!, 'ada', { width: 360, height: 740, isPhone: true })
  const { page } = ada
  await ada.types(`${'long'.repeat(100)} and https://example.org/${'x'.repeat(200)}`)
  await page.waitForFunction("document.querySelectorAll('.msg:not(.waiting)').length === 1")
  const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
  t.is(await overflow(), 0)
  await page.getByRole('button', { name: 'Rooms', exact: true }).click()
  await page.getByRole('textbox', { name: 'Another room' }).fill('attic')
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByRole('heading', { name: 'attic' }).waitFor()
  await page.getByRole('button', { name: '1 people here' }).click()
  await page.getByRole('button', { name: 'Leave attic' }).waitFor()
  await page.keyboard.press('Escape')
  t.is(await page.evaluate('document.activeElement.id'), 'show-who')
  // A keyboard comes up.
  await page.setViewportSize({ width: 360, height: 400 })
  const box = (await ada.input.boundingBox())!
  t.true(box.y >= 0 && box.y + box.height <= 400, JSON.stringify(box))
  t.is(await overflow(), 0)
  const small = await page.evaluate(`
    [...document.querySelectorAll('button, input')]
      .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 44)
      .map((control) => control.outerHTML)
  `)
  t.deepEqual(small, [])
  web.child.kill('SIGKILL')
  await ada.is('offline')
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  t.is(await overflow(), 0)
  t.deepEqual(ada.complaints, [])
})

test('can be used without seeing or pointing', async (t) => {
  const web = await startWebProcess(t)
  const bob = await chatClient(t, web.chatPort)
  bob.say('/nick bob', '/join lobby', 'hello')
  await bob.until('[lobby] bob: hello')
  const ada = await chatPage(t, browser, web.url!)
  const { page } = ada
  // All of it by the keyboard.
  await page.keyboard.type('ada')
  await page.keyboard.press('Enter')
  await ada.sees('hello')
  await page.waitForFunction("document.activeElement.id === 'text'")
  await page.keyboard.type('by hand')
  await page.keyboard.press('Enter')
  await ada.sees('by hand')
  for (const role of ['banner', 'main', 'log', 'status'] as const)
    t.is(await page.getByRole(role).count(), 1, role)
  t.is(await page.getByRole('navigation', { name: 'Rooms' }).count(), 1)
  t.is(await page.getByRole('complementary', { name: 'Who is there' }).count(), 1)
  t.is(await page.getByRole('heading', { level: 1 }).textContent(), 'greenroom chat')
  t.is(await page.getByRole('log', { name: 'Messages in lobby' }).count(), 1)
  t.is(await ada.status.getAttribute('aria-live'), 'polite')
  t.is(await page.getByRole('textbox', { name: 'Message to lobby' }).count(), 1)
  const reached = new Set<unknown>()
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab')
    reached.add(await page.evaluate('document.activeElement.id || document.activeElement.textContent'))
  }
  for (const name of ['text', 'log', 'Send', 'room', 'Join', 'rename', 'leave', 'Bbob'])
    t.true(
      [...reached].some((text) => String(text).endsWith(name)),
      name,
    )
})

test('can be read, in light and in dark', async (t) => {
  const web = await startWebProcess(t)
  for (const colorScheme of ['light', 'dark'] as const) {
    const visitor = await talker(t, browser, web.url!, `ada-${colorScheme}`, { colorScheme })
    const others = ['bob', 'eve', 'lin', 'joe', 'per', 'mo', 'kim', 'grace', 'tim', 'zoe']
    const clients = await Promise.all(others.map((nick) => joined(t, web.chatPort, `${nick}-${colorScheme}`)))
    for (const [i, client] of clients.entries()) {
      client.say(`${colorScheme} ${i}`)
      await visitor.sees(`${colorScheme} ${i}`)
    }
    await visitor.page.waitForFunction('document.getAnimations().length === 0')
    t.deepEqual(await visitor.page.evaluate(UNREADABLE), [])
  }
})

/** Texts with less contrast to what is behind them than 4.5 to 1. */
const UNREADABLE = `
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const blend = (colors) => {
    canvas.clearRect(0, 0, 1, 1)
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1) }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
  }
  const light = (parts) => {
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (node) => (node === null ? [] : [...behind(node.parentElement), getComputedStyle(node).backgroundColor])
  ;[...document.querySelectorAll('body *')]
    .filter((node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== ''))
    .map((node) => {
      const backs = behind(node)
      const [a, b] = [light(blend(backs)), light(blend([...backs, getComputedStyle(node).color]))].sort((a, b) => b - a)
      return [node.textContent, (a + 0.05) / (b + 0.05)]
    })
    .filter(([, contrast]) => contrast < 4.5)
`

test('the two pages lead to each other', async (t) => {
  const web = await startWebProcess(t)
  const { page } = await chatPage(t, browser, web.url!)
  await page.getByRole('link', { name: /server/ }).click()
  await page.getByRole('heading', { name: 'greenroom', exact: true }).waitFor()
  await page.getByRole('link', { name: 'Chat' }).click()
  await page.getByRole('heading', { name: 'greenroom chat' }).waitFor()
  t.pass()
})
