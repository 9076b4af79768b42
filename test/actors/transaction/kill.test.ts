/**
 * Law: what was acknowledged is there after `kill -9`, at whatever moment; of what was not, all or nothing. Every message that a
 * committed transaction has published is delivered at least once, and none of one that was rolled back.
 *
 * Hundreds of kills in about a minute: a process is started while the one before it works, and looked at from outside when it is
 * dead. KILLS sets how many, KILL_SEED repeats the moments.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test from 'ava'
import Sqlite from 'better-sqlite3'
import { createSeededRandom, nextFraction } from '../../../runtime/context/random.ts'
import { copyProject, makeFolder } from '../../house/tree.ts'
import { folder } from './support.ts'

const KILLS = Number(process.env.KILLS ?? 200)
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
/** Milliseconds that a process works at most, once it is open. */
const WORK_MS = 120
const TOTAL = 50_000

const build = makeFolder()

test.before('build', async () => {
  copyProject(build.path, ['package.json', 'tsconfig.json', '.ci', 'runtime', 'actors'])
  const compiler = spawn('npx', ['tsc', '--project', '.ci/tsconfig.build.json'], {
    cwd: build.path,
    stdio: 'inherit',
  })
  const code = await new Promise((resolve) => compiler.once('close', resolve))
  if (code !== 0) throw new Error(`the build ended with ${code}`)
})

test.after.always(() => build.remove())

/** What has been told by all processes so far. */
interface Told {
  readonly acknowledged: Set<string>
  readonly heard: Set<string>
  /** Transfers by the id of the message that told of them. */
  readonly sent: Map<number, string>
}

class Victim {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>
  private readonly told: Told
  private rest = ''
  private onOpen: (total: number) => void = () => {}
  readonly opened: Promise<number>
  private readonly closed: Promise<unknown>

  constructor(file: string, mode: 'transfers' | 'relay', told: Told) {
    this.told = told
    const program = fileURLToPath(new URL('./kill-program.js', import.meta.url))
    const url = pathToFileURL(join(build.path, 'dist/actors/transaction/sqlite/index.js')).href
    const env = { ...process.env, GREENROOM_BUILD: url, NODE_OPTIONS: '' }
    this.child = spawn(process.execPath, [program, file, mode], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.opened = new Promise((resolve, reject) => {
      this.onOpen = resolve
      this.child.once('exit', () => reject(new Error('it ended before it was open')))
    })
    this.opened.catch(() => {})
    this.closed = new Promise((resolve) => this.child.once('close', resolve))
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.read(text))
  }

  begin(run: number): Promise<number> {
    this.child.stdin.write(`${run}\n`)
    return this.opened
  }

  /** All that it has told is read then. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.closed
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n')
    // What was cut off was not told.
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      const [what, first = '', second = ''] = line.split(' ')
      if (what === 'open') this.onOpen(Number(first))
      else if (what === 'ack') this.told.acknowledged.add(first)
      else if (what === 'heard') this.told.heard.add(first)
      else if (what === 'sent') this.told.sent.set(Number(first), second)
    }
  }
}

/** What is on the disk, and in the outbox. */
function look(file: string): { total: number; transfers: Set<string>; waiting: Map<number, string> } {
  const database = new Sqlite(file)
  const { total } = database.prepare('select sum(balance) as total from account').get() as { total: number }
  const rows = database.prepare('select id from transfer').all() as { id: string }[]
  const messages = database.prepare('select id, payload from greenroom_outbox').all() as {
    id: number
    payload: string
  }[]
  database.close()
  return {
    total,
    transfers: new Set(rows.map(({ id }) => id)),
    waiting: new Map(messages.map(({ id, payload }) => [id, JSON.parse(payload).id])),
  }
}

const without = (all: Iterable<string>, known: Set<string>) => [...all].filter((one) => !known.has(one))

test('hundreds of kills lose nothing that was acknowledged, and tell of nothing that was not', async (t) => {
  t.timeout(600_000)
  t.log(`KILL_SEED=${SEED} KILLS=${KILLS}`)
  const file = join(folder(t), 'bank.db')
  const random = createSeededRandom(SEED)
  const told: Told = { acknowledged: new Set(), heard: new Set(), sent: new Map() }
  let next = new Victim(file, 'transfers', told)
  for (let run = 1; run <= KILLS; run++) {
    const victim = next
    const total = await victim.begin(run)
    t.is(total, TOTAL)
    next = new Victim(file, run === KILLS ? 'relay' : 'transfers', told)
    await new Promise((resolve) => setTimeout(resolve, nextFraction(random) * WORK_MS))
    await victim.kill()
    const disk = look(file)
    t.is(disk.total, TOTAL)
    t.deepEqual(without(told.acknowledged, disk.transfers), [], 'acknowledged, and not there')
    t.deepEqual(without(told.heard, disk.transfers), [], 'heard of, and not there')
    t.deepEqual(without(told.sent.values(), disk.transfers), [], 'delivered, and not there')
    t.deepEqual(without(disk.waiting.values(), disk.transfers), [], 'published, and not there')
    // What is neither waiting nor delivered was acknowledged to the outbox: then this process has told of it before.
    const published = new Set([...disk.waiting.values(), ...told.sent.values()])
    t.deepEqual(without(disk.transfers, published), [], 'there, and told to nobody')
  }
  await next.begin(KILLS + 1)
  while (look(file).waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  await next.kill()
  const { transfers } = look(file)
  t.deepEqual(
    [...told.sent.values()].sort(),
    [...transfers].sort(),
    'one message each, once duplicates are dropped by their ids',
  )
  t.true(told.acknowledged.size > KILLS, `${told.acknowledged.size} acknowledged`)
  t.log(`${transfers.size} transfers, ${told.acknowledged.size} acknowledged, ${told.sent.size} messages`)
})
