/** Law: a transfer happens whole and once, or not at all; whoever asked is told which, and why. */
import { Buffer } from 'node:buffer'
import { Agent } from 'node:http'
import test from 'ava'
import { ask } from './http-client.ts'
import { ACCOUNTS, askJson, balances, dice, post, randomTransfer } from './ledger-client.ts'
import { startWebProcess } from './web-process.ts'

let port = 0
const cleanUps: (() => Promise<void>)[] = []

test.before('start', async () => {
  const web = await startWebProcess({ teardown: (cleanUp) => cleanUps.push(cleanUp) })
  port = web.port
})
test.after.always('stop', () => Promise.all(cleanUps.map((cleanUp) => cleanUp())))

test.serial('opens with 100 accounts, and the same in each', async (t) => {
  const opened = await balances(port)
  t.deepEqual([...opened.keys()], ACCOUNTS)
  t.true([...opened.values()].every((balance) => balance === 10_000))
})

test.serial('makes a transfer: 201, its receipt, and where it is to be found', async (t) => {
  const wanted = { id: 'rent:2026-11', from: 'a001', to: 'a002', amount: 250 }
  const { status, headers, json } = await post(port, wanted)
  t.deepEqual(
    [status, headers['content-type'], headers.location],
    [201, 'application/json', '/transfers/rent:2026-11'],
  )
  t.like(json, wanted)
  t.true(Math.abs(json.atMs - Date.now()) < 60_000)
  for (const path of ['/transfers/rent:2026-11', '/transfers/rent%3A2026-11'])
    t.deepEqual((await askJson(port, path)).json, json)
  t.deepEqual((await askJson(port, '/accounts/a001')).json, { id: 'a001', balance: 9_750 })
  t.deepEqual((await askJson(port, '/accounts/a002')).json, { id: 'a002', balance: 10_250 })
  const all = await balances(port)
  t.deepEqual([all.get('a001'), all.get('a002')], [9_750, 10_250])
})

test.serial('asked for the same again it answers 200 and the first receipt, and moves nothing', async (t) => {
  const wanted = { id: 'twice', from: 'a003', to: 'a004', amount: 1 }
  const first = await post(port, wanted)
  const second = await post(port, wanted)
  t.deepEqual([first.status, second.status], [201, 200])
  t.deepEqual(second.json, first.json)
  t.is(second.headers.location, '/transfers/twice')
  t.is((await balances(port)).get('a003'), 9_999)
})

test.serial('asked for something else by the same id it answers 409, and moves nothing', async (t) => {
  const wanted = { id: 'taken', from: 'a005', to: 'a006', amount: 5 }
  await post(port, wanted)
  const before = await balances(port)
  for (const other of [{ amount: 6 }, { from: 'a007' }, { to: 'a007' }]) {
    const { status, json } = await post(port, { ...wanted, ...other })
    t.deepEqual([status, json.error.code], [409, 'LEDGER_ID_TAKEN'])
    t.regex(json.error.message, /"taken" was made before, with other content/)
  }
  t.deepEqual(await balances(port), before)
})

test.serial('answers 409 to an overdraft, which leaves nothing behind, its id neither', async (t) => {
  const wanted = { id: 'dear', from: 'a008', to: 'a009', amount: 10_001 }
  const { status, headers, json } = await post(port, wanted)
  t.deepEqual(
    [status, headers['content-type'], json.error],
    [409, 'application/json', { code: 'LEDGER_OVERDRAFT', message: 'account "a008" holds less than 10001' }],
  )
  t.is((await ask(port, '/transfers/dear')).status, 404)
  t.is((await balances(port)).get('a008'), 10_000)
  t.is((await post(port, { ...wanted, amount: 10_000 })).status, 201)
  t.is((await balances(port)).get('a008'), 0)
})

test.serial('answers 422 to an account that is not there', async (t) => {
  const before = await balances(port)
  for (const [accounts, unknown] of [
    [{ from: 'nobody', to: 'a010' }, 'nobody'],
    [{ from: 'a010', to: 'nobody' }, 'nobody'],
    [{ from: 'zz', to: 'aa' }, 'zz'],
  ] as const) {
    const { status, json } = await post(port, { id: 'lost', ...accounts, amount: 1 })
    t.deepEqual([status, json.error.code], [422, 'LEDGER_UNKNOWN_ACCOUNT'])
    t.is(json.error.message, `there is no account "${unknown}"`)
  }
  t.deepEqual(await balances(port), before)
  t.is((await ask(port, '/transfers/lost')).status, 404)
})

const good = { id: 'x', from: 'a011', to: 'a012', amount: 1 }
const malformed: readonly [what: string, body: unknown, path: string][] = [
  ['no id', { ...good, id: undefined }, 'id'],
  ['an empty id', { ...good, id: '' }, 'id'],
  ['an id of 65 characters', { ...good, id: 'x'.repeat(65) }, 'id'],
  ['an id with a slash', { ...good, id: 'a/b' }, 'id'],
  ['an id that a path would lose', { ...good, id: '..' }, 'id'],
  ['a number for an id', { ...good, id: 1 }, 'id'],
  ['no payer', { ...good, from: undefined }, 'from'],
  ['a payee that is no id', { ...good, to: 'two words' }, 'to'],
  ['payer and payee the same', { ...good, to: good.from }, 'to'],
  ['no amount', { ...good, amount: undefined }, 'amount'],
  ['an amount of 0', { ...good, amount: 0 }, 'amount'],
  ['a negative amount', { ...good, amount: -1 }, 'amount'],
  ['half an amount', { ...good, amount: 0.5 }, 'amount'],
  ['an amount above a billion', { ...good, amount: 1_000_000_001 }, 'amount'],
  ['an amount as text', { ...good, amount: '1' }, 'amount'],
  ['an amount that no number holds', '{"id":"x","from":"a011","to":"a012","amount":1e999}', 'amount'],
  ['a field that nobody knows', { ...good, ammount: 1 }, ''],
  ['a list', [good], ''],
  ['null', null, ''],
  ['a text', '"transfer"', ''],
]

test.serial('answers 400 to what is no transfer, and says what is wrong where', async (t) => {
  const before = await balances(port)
  for (const [what, body, path] of malformed) {
    const { status, headers, json } = await post(port, body)
    t.deepEqual(
      [what, status, headers['content-type'], json.error.code],
      [what, 400, 'application/json', 'REQUEST_INVALID'],
    )
    const issue = json.error.issues.find((issue: { path: string }) => issue.path === path)
    t.is(typeof issue?.message, 'string', `${what}: ${JSON.stringify(json)}`)
    t.true(json.error.message.includes(issue.message))
  }
  const { json } = await post(port, {})
  t.deepEqual(
    json.error.issues.map(({ path }: { path: string }) => path),
    ['id', 'from', 'to', 'amount'],
  )
  t.deepEqual(await balances(port), before)
})

test.serial('answers 400 to what is no JSON, and 413 to what is too long', async (t) => {
  for (const body of ['', '{', 'id=x&amount=1', '\0', '{"id":"x"}{"id":"y"}']) {
    const { status, json } = await post(port, body)
    t.deepEqual([body, status, json.error.code], [body, 400, 'REQUEST_NOT_JSON'])
    t.regex(json.error.message, /^the body is not JSON: /)
  }
  const long = Buffer.alloc(4_097, ' ')
  for (const body of [long, [long.subarray(1), long.subarray(0, 1)]]) {
    const { status, json } = await askJson(port, '/transfers', { method: 'POST', body })
    t.deepEqual([status, json.error.code], [413, 'REQUEST_TOO_LARGE'])
  }
})

test.serial('takes JSON whatever it is said to be, as curl says it is a form', async (t) => {
  for (const type of ['application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'text/plain']) {
    const wanted = {
      id: `as-${type.replaceAll(/\W/g, '_')}`.slice(0, 64),
      from: 'a013',
      to: 'a014',
      amount: 1,
    }
    t.is((await post(port, wanted, { headers: { 'content-type': type } })).status, 201)
  }
})

test.serial('answers 404 to whom and what it does not know', async (t) => {
  for (const path of [
    '/accounts/nobody',
    '/accounts/',
    '/accounts/a%20b',
    '/accounts/a001/x',
    '/accounts/%',
  ]) {
    const { status, json } = await askJson(port, path)
    t.deepEqual([path, status, json.error.code], [path, 404, 'LEDGER_UNKNOWN_ACCOUNT'])
  }
  for (const path of ['/transfers/never', '/transfers/', `/transfers/${'x'.repeat(200)}`]) {
    const { status, json } = await askJson(port, path)
    t.deepEqual([path, status, json.error.code], [path, 404, 'LEDGER_UNKNOWN_TRANSFER'])
  }
})

test.serial('answers 405 to another method, and HEAD as GET', async (t) => {
  for (const [path, method, allow] of [
    ['/transfers', 'GET', 'POST'],
    ['/transfers/x', 'DELETE', 'GET, HEAD'],
    ['/accounts', 'POST', 'GET, HEAD'],
    ['/accounts/a001', 'PUT', 'GET, HEAD'],
    ['/events', 'POST', 'GET, HEAD'],
  ] as const) {
    const answer = await ask(port, path, { method })
    t.deepEqual([path, answer.status, answer.headers.allow], [path, 405, allow])
  }
  for (const path of ['/accounts', '/accounts/a001', '/events']) {
    const { status, body } = await ask(port, path, { method: 'HEAD' })
    t.deepEqual([path, status, body.length], [path, 200, 0])
  }
})

test.serial('of many who ask for the same at once one makes it, and all get its receipt', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  t.teardown(() => agent.destroy())
  const before = await balances(port)
  for (let i = 0; i < 10; i++) {
    const wanted = { id: `race-${i}`, from: 'a015', to: 'a016', amount: 10 }
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(port, wanted, { agent })))
    const statuses = answers.map(({ status }) => status).sort()
    t.deepEqual(statuses, [...Array(19).fill(200), 201])
    t.is(new Set(answers.map(({ text }) => text)).size, 1)
  }
  const after = await balances(port)
  t.is(after.get('a015'), before.get('a015')! - 100)
  t.is(after.get('a016'), before.get('a016')! + 100)
})

test.serial('under load every balance is what the receipts say, whenever one looks', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  t.teardown(() => agent.destroy())
  const roll = dice(7)
  const expected = new Map(await balances(port))
  let isOver = false
  const looks = (async () => {
    let looked = 0
    for (; !isOver; looked++) await balances(port) // Throws where the sum is another.
    return looked
  })()
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const wanted = { ...randomTransfer(roll, `many-${i}`), amount: 1 + roll(4_000) }
      return { wanted, status: (await post(port, wanted, { agent })).status }
    }),
  )
  isOver = true
  t.true((await looks) > 0)
  for (const { wanted, status } of answers) {
    if (status !== 201) continue
    expected.set(wanted.from, expected.get(wanted.from)! - wanted.amount)
    expected.set(wanted.to, expected.get(wanted.to)! + wanted.amount)
  }
  t.deepEqual(await balances(port), expected)
  const refused = answers.filter(({ status }) => status !== 201).map(({ status }) => status)
  t.true(refused.length > 0 && refused.every((status) => status === 409), String(new Set(refused)))
  for (const [id, balance] of expected)
    t.is((await askJson(port, `/accounts/${id}`, { agent })).json.balance, balance)
})
