/**
 * The chat as somebody sees it who sits at a browser: the page, with a server or with what a test lets a server say.
 *
 * The browser is Chromium at `CHROMIUM`, by default /usr/bin/chromium.
 */
import { existsSync, readFileSync } from 'node:fs'
import { type Browser, chromium, type Locator, type Page, type WebSocketRoute } from 'playwright-core'
import type { Teardown } from '../web/web-process.ts'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const hasBrowser = existsSync(executablePath)
export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath })

export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
  readonly isPhone?: boolean
  readonly locale?: string
  readonly room?: string
}

export interface ChatPage {
  readonly page: Page
  /** What the page complained of, on its console or by throwing, and what it asked in dialogs; but for a server that is not there. */
  readonly complaints: readonly string[]
  readonly status: Locator
  readonly log: Locator
  readonly input: Locator
  /** What was said, in the order that it stands in. */
  shown(): Promise<string[]>
  comesIn(nick: string): Promise<void>
  /** Does not wait for the receipt. */
  types(text: string): Promise<void>
  /** Until it is shown, with its receipt. */
  sees(text: string): Promise<void>
  /** Until that is its state. */
  is(state: 'live' | 'connecting' | 'offline'): Promise<void>
}

/** A page that is open, before anybody has come in. */
export async function chatPage(t: Teardown, browser: Browser, url: string, options: PageOptions = {}) {
  const visitor = await newChatPage(t, browser, options)
  await visitor.page.goto(`${url}/chat#${options.room ?? 'lobby'}`)
  return visitor
}

/** Somebody who is in. */
export async function talker(
  t: Teardown,
  browser: Browser,
  url: string,
  nick: string,
  options: PageOptions = {},
) {
  const visitor = await chatPage(t, browser, url, options)
  await visitor.comesIn(nick)
  return visitor
}

type Json = Readonly<Record<string, unknown>>
/** What the test says for the server; `number` counts the connections. */
export type Answer = (command: Json, say: (...events: readonly Json[]) => void, number: number) => void

export interface Played {
  readonly visitor: ChatPage
  /** All that the page has asked for, on each connection. */
  readonly asked: readonly Json[][]
  /** The connection of now. */
  readonly socket: WebSocketRoute
}

/** The page, and a server that is played by the test. */
export async function playedPage(t: Teardown, browser: Browser, answer: Answer): Promise<Played> {
  const visitor = await newChatPage(t, browser)
  const { page } = visitor
  const asked: Json[][] = []
  let socket: WebSocketRoute | undefined
  const body = readFileSync(new URL('../../../examples/chat/page.html', import.meta.url), 'utf8')
  await page.route('http://chat.test/chat', (route) => route.fulfill({ body, contentType: 'text/html' }))
  await page.routeWebSocket('ws://chat.test/chat/socket', (route) => {
    socket = route
    const number = asked.push([])
    const say = (...events: readonly Json[]) => {
      for (const event of events) route.send(JSON.stringify(event))
    }
    say({ type: 'notice', text: 'a greeting' })
    route.onMessage((message) => {
      const command = JSON.parse(String(message)) as Json
      asked[number - 1]!.push(command)
      answer(command, say, number)
    })
  })
  await page.goto('http://chat.test/chat#lobby')
  return {
    visitor,
    asked,
    get socket() {
      return socket!
    },
  }
}

/** What a server says to somebody who comes into a room that stands at `last`, and is shown those messages. */
export function welcomes(messages: readonly Json[] = [], last = messages.length): Answer {
  return (command, say) => {
    const { type, nick, room } = command
    if (type === 'nick') say({ type: 'welcome', nick, token: 'a token' })
    else if (type === 'rooms') say({ type: 'rooms', rooms: [] })
    else if (type === 'join')
      say({ type: 'history', room, messages, isAll: false }, { type: 'joined', room, nick: 'ada', last })
    else if (type === 'who') say({ type: 'members', room, nicks: ['ada'], count: 1 })
  }
}

export function message(seq: number, text = `message ${seq}`, nick = 'bob') {
  return { room: 'lobby', seq, id: `id-${seq}`, nick, text, atMs: 1_790_000_000_000 + seq * 1_000 }
}

async function newChatPage(t: Teardown, browser: Browser, options: PageOptions = {}): Promise<ChatPage> {
  const { width = 1_200, height = 760, colorScheme = 'light', isPhone = false, locale = 'en-GB' } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale,
    ...(isPhone && { isMobile: true, hasTouch: true }),
  })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (said) => {
    if (said.type() === 'error' && !said.text().startsWith('WebSocket connection to'))
      complaints.push(said.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  const status = page.getByRole('status')
  const log = page.getByRole('log')
  const input = page.getByRole('textbox', { name: /^(Private m|M)essage to / })
  return {
    page,
    complaints,
    status,
    log,
    input,
    shown: () => log.locator('.msg:not(.waiting, .failed) .text').allTextContents(),
    async comesIn(nick) {
      await page.getByRole('textbox', { name: 'What are you called?' }).fill(nick)
      await page.getByRole('button', { name: 'Come in' }).click()
      await log.waitFor()
      await status.filter({ hasText: /^live$/ }).waitFor()
    },
    async types(text) {
      await input.fill(text)
      await input.press('Enter')
    },
    async sees(text) {
      await log.locator('.msg:not(.waiting, .failed)').getByText(text, { exact: true }).waitFor()
    },
    async is(state) {
      await status.filter({ hasText: new RegExp(`^${state}`) }).waitFor()
    },
  }
}
