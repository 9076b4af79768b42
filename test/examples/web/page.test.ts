/**
 * Law: the page explains itself, shows the server live, and works: in a real browser, wide and narrow, light and dark.
 *
 * The browser is Chromium at `CHROMIUM`, by default /usr/bin/chromium. Without one these tests are skipped.
 */
import { existsSync } from 'node:fs'
import anyTest, { type TestFn } from 'ava'
import { type Browser, chromium, type Page } from 'playwright-core'
import { balances, post } from './ledger-client.ts'
import { startWebProcess, type Teardown } from './web-process.ts'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const implementation = existsSync(executablePath) ? anyTest.serial : anyTest.serial.skip
const test = implementation as TestFn['serial']

let browser: Browser | undefined

anyTest.before('open the browser', async () => {
  if (existsSync(executablePath)) browser = await chromium.launch({ executablePath })
})
anyTest.after.always('close it', () => browser?.close())

interface Visit {
  readonly page: Page
  /** What the page complained of: on its console, or by throwing. */
  readonly complaints: string[]
}

interface VisitOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

async function visit(t: Teardown, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1_200, height = 900, colorScheme = 'light' } = options
  const page = await browser!.newPage({ viewport: { width, height }, colorScheme })
  t.teardown(() => page.close())
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints }
}

test('shows what the server is doing, live', async (t) => {
  const web = await startWebProcess(t)
  const { page, complaints } = await visit(t, web.url!)
  await page.getByText('live', { exact: true }).waitFor()
  await page.waitForFunction("document.querySelector('#connections').textContent !== '–'")
  const figures = await page.locator('#figures data').allTextContents()
  t.is(figures.length, 4)
  for (const figure of figures) t.regex(figure, /^[\d,]+$/)
  t.not(await page.locator('#actors').textContent(), '0')
  const plot = page.getByRole('img', { name: /^Actors, alive now, over 2 minutes: now \d+, at most \d+$/ })
  await plot.waitFor()
  t.regex((await plot.locator('.trace').getAttribute('d')) ?? '', /^M119 /)
  t.deepEqual(complaints, [])
})

test('lets its routes be tried', async (t) => {
  const web = await startWebProcess(t)
  const { page, complaints } = await visit(t, web.url!)
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const says = (form: string, text: RegExp) =>
    page.locator(`${form} output`).filter({ hasText: text }).waitFor()

  await press('Say hello')
  await says('#hello', /^Hello, World! {2}\(\d+ ms\)$/)
  await page.getByLabel('Text to be echoed').fill('ä€😀')
  await press('Send text')
  await says('#echo', /^ä€😀 {2}\(\d+ ms\)$/)
  await page.getByLabel('Milliseconds').fill('60')
  await press('Wait')
  await says('#after', /^60 ms have passed/)
  await press('Send 1,000 requests')
  await says('#burst', /^1,000 requests were answered/)
  t.deepEqual(complaints, [])
})

test('shows its work under load: what is asked for beyond what can be done is refused', async (t) => {
  const web = await startWebProcess(t)
  const { page, complaints } = await visit(t, web.url!)
  const section = page.getByRole('region', { name: 'Work under load' })
  const plotted = (name: string) => section.getByRole('img', { name: new RegExp(`^${name}, `) })
  for (const name of ['Jobs', 'Time', 'Queue', 'Threads']) await plotted(name).waitFor()
  const load = (name: string) =>
    page.getByRole('group', { name: 'Load' }).getByRole('button', { name, exact: true })

  await load('4 ×').click()
  await grown(page, 'admitted')
  await grown(page, 'refused')
  await grown(page, 'p90Ms')
  t.is(await load('4 ×').getAttribute('aria-pressed'), 'true')
  const says = /^A job takes \d+ ms here, so .* a second, [\d,]+ so far\.$/
  await page.locator('#load output').filter({ hasText: says }).waitFor()
  for (const figure of await section.locator('data:not(#p90Ms)').allTextContents())
    t.regex(figure, /^[\d,.]+$/)
  // Meanwhile the page is free, and so is the server's loop.
  await page.getByRole('button', { name: 'Say hello' }).click()
  await page.locator('#hello output').filter({ hasText: 'Hello, World!' }).waitFor()

  await load('4 ×').click()
  await page.waitForFunction(
    "['admitted', 'refused', 'queued'].every((id) => document.getElementById(id).textContent === '0')",
  )
  t.is(await load('Off').getAttribute('aria-pressed'), 'true')
  t.deepEqual(complaints, [])
})

test('its load ends when nobody looks', async (t) => {
  const web = await startWebProcess(t)
  const { page } = await visit(t, web.url!)
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByRole('button', { name: '1 ×', exact: true }).click()
  await grown(page, 'admitted')
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: true })
    document.dispatchEvent(new Event('visibilitychange'))
  `)
  await page.waitForFunction("document.querySelector('#admitted').textContent === '0'")
  t.is(await page.getByRole('button', { name: 'Off' }).getAttribute('aria-pressed'), 'true')
})

/** Waits until its curve has risen above the axis, which is at 1: it may have come down since, with a burst that is over. */
async function grown(page: Page, key: string) {
  await page.waitForFunction(
    `/ 0(?:\\.\\d+)?[Lh]/.test(document.querySelector('.trace.${key}').getAttribute('d'))`,
  )
}

test('shows the ledger, and what becomes of a transfer', async (t) => {
  const web = await startWebProcess(t)
  const { page, complaints } = await visit(t, web.url!)
  const balance = (id: string) =>
    page.getByRole('list', { name: 'Balances' }).getByRole('listitem').filter({ hasText: id }).locator('data')
  const has = (id: string, text: string) =>
    balance(id)
      .filter({ hasText: new RegExp(`^${text}$`) })
      .waitFor()
  const says = (text: RegExp) => page.locator('#transfer output').filter({ hasText: text }).waitFor()
  const transfer = async (from: string, to: string, amount: string) => {
    await page.getByLabel('From', { exact: true }).fill(from)
    await page.getByLabel('To', { exact: true }).fill(to)
    await page.getByLabel('Amount', { exact: true }).fill(amount)
    await page.getByRole('button', { name: 'Transfer', exact: true }).click()
  }
  await page.getByText('live', { exact: true }).waitFor()
  await has('a100', '10,000')
  t.is(await page.getByRole('list', { name: 'Balances' }).getByRole('listitem').count(), 100)

  await transfer('a001', 'a002', '250')
  await says(/^201: made as page-/)
  await has('a001', '9,750')
  await has('a002', '10,250')
  await page.getByRole('list', { name: 'Committed' }).getByText('a001 → a002').waitFor()

  await transfer('a001', 'a002', '9751')
  await says(/^409 LEDGER_OVERDRAFT: account "a001" holds less than 9751/)
  await transfer('a001', 'nobody', '1')
  await says(/^422 LEDGER_UNKNOWN_ACCOUNT: there is no account "nobody"/)
  await transfer('a001', 'a001', 'much')
  await says(/^400 REQUEST_INVALID: amount: /)
  t.is(await page.getByRole('list', { name: 'Committed' }).getByRole('listitem').count(), 1)
  await page.getByText('1,000,000 in 100 accounts').waitFor()

  // Others' transfers too, while they happen.
  await post(web.port, { id: 'from-outside', from: 'a007', to: 'a008', amount: 1_234 })
  await has('a007', '8,766')
  await has('a008', '11,234')
  t.deepEqual(
    complaints.filter((text) => !/status of 4\d\d/.test(text)),
    [],
  )
})

test('a burst of transfers shows rate, commits, rollbacks and how many shared a COMMIT', async (t) => {
  const web = await startWebProcess(t)
  const { page, complaints } = await visit(t, web.url!)
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByText('1,000,000 in 100 accounts').waitFor()
  await page.getByRole('button', { name: 'Send 2,000 transfers' }).click()
  const says =
    /^2,000 were answered, [\d,.]+ a second: ([\d,]+) commits, ([\d,]+) rollbacks, ([\d.]+) transactions in a COMMIT/
  const output = page.locator('#rush output').filter({ hasText: says })
  await output.waitFor()
  const figures = says.exec((await output.textContent())!)!.map((text) => Number(text.replaceAll(',', '')))
  const [, commits = 0, rollbacks = 0, together = 0] = figures
  t.is(commits + rollbacks, 2_000)
  t.true(commits > 0 && rollbacks > 0 && together > 1, String(figures))
  for (const key of ['commits', 'rollbacks', 'perCommit']) await grown(page, key)
  await page.waitForFunction("document.querySelector('#commits').textContent === '0'")
  // When all is quiet, the balances are those of the books.
  const books = await balances(web.port)
  const expected = [...books.values()].map((balance) => balance.toLocaleString('en'))
  await page.waitForFunction(
    `[...document.querySelectorAll('#accounts data')].map(({ textContent }) => textContent).join() === '${expected}'`,
  )
  t.deepEqual(complaints, [])
})

test('calls off what was left', async (t) => {
  const web = await startWebProcess(t, { LOG_LEVEL: 'info' })
  const { page } = await visit(t, web.url!)
  await page.getByLabel('Milliseconds').fill('60000')
  await page.getByRole('button', { name: 'Wait', exact: true }).click()
  await page.getByRole('button', { name: 'Leave', exact: true }).click()
  await page.getByText('You left; the server knows.').waitFor()
  web.child.kill('SIGTERM')
  const { stderr } = await web.ended
  t.regex(stderr, /"msg":"GET \/after\/60000","status":"CANCELLED"/)
})

test('says so when the server is gone, and finds it again', async (t) => {
  const first = await startWebProcess(t)
  const { page } = await visit(t, first.url!)
  const state = page.getByRole('status')
  await state.filter({ hasText: 'live' }).waitFor()
  first.child.kill('SIGTERM')
  await state.filter({ hasText: 'reconnecting' }).waitFor()
  t.is((await first.ended).code, 0)
  await startWebProcess(t, { PORT: String(first.port) })
  await state.filter({ hasText: 'live' }).waitFor()
  t.pass()
})

test('fits a phone, in light and in dark', async (t) => {
  const web = await startWebProcess(t)
  const backgrounds: unknown[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await visit(t, web.url!, { width: 360, height: 740, colorScheme })
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    t.is(overflow, 0)
    backgrounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
  }
  t.not(backgrounds[0], backgrounds[1])
})

test('can be read and worked without seeing or pointing', async (t) => {
  const web = await startWebProcess(t)
  const { page } = await visit(t, web.url!)
  t.is(await page.getByRole('heading', { level: 1 }).count(), 1)
  t.is(await page.getByRole('main').count(), 1)
  const nameless = await page.evaluate(`
    [...document.querySelectorAll('button, input, textarea')]
      .filter((control) => !control.textContent && !control.ariaLabel && !control.closest('label'))
      .map((control) => control.outerHTML)
  `)
  t.deepEqual(nameless, [])
  // Everything that can be pressed is reached by the Tab key.
  const reached = new Set<unknown>()
  for (let i = 0; i < 25; i++) {
    await page.keyboard.press('Tab')
    reached.add(await page.evaluate('document.activeElement.textContent'))
  }
  for (const name of [
    'Transfer',
    'Send 2,000 transfers',
    'Send 1,000 requests',
    '1 ×',
    '4 ×',
    'Say hello',
    'Wait',
    'Send text',
    'Open the stream',
  ])
    t.true(reached.has(name), name)
})
