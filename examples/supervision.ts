/**
 * A small search engine that fails all the time, and how its supervisors keep it going.
 *
 *     npx tsx examples/supervision.ts
 *     SECONDS=60 SEED=7 npx tsx examples/supervision.ts
 *
 *     search
 *     ├── service           supervisor, one_for_one
 *     │   ├── library       supervisor, rest_for_one: without the store that it was made from, an index is worthless
 *     │   │   ├── store
 *     │   │   └── indexer
 *     │   └── parsers       dynamic supervisor: each parser by itself, after a backoff
 *     │       └── parser-1, parser-2, ...
 *     └── client            wants pages to be parsed, a little faster than can be done
 *
 * The client asks a parser, which tells the indexer and passes the question on to the store. All but the client fail at
 * random. Restarts are printed as they come, and the tree every two seconds. At the end, after `SECONDS` (10) or
 * Ctrl-C, comes the balance: whatever was asked has an answer or an error, and whatever was told was handled, failed its
 * receiver, or is a dead letter. If that does not add up, the exit code is 1.
 */
import {
  type Ask,
  actorName,
  behaviour,
  type Context,
  child,
  codeOf,
  createSeededRandom,
  createSystem,
  type Drain,
  dynamicSupervisor,
  type EndReason,
  type EventOf,
  formatTree,
  key,
  nextFraction,
  type Ref,
  receiving,
  System,
  silentLog,
  supervisor,
} from 'greenroom'

// ── The actors ────────────────────────────────────────────────────────────────────────────────────────────────────────

type Page = { readonly id: number; readonly words: number }
type Parse = Ask<{ readonly type: 'parse'; readonly id: number }, number>
type Tally = { sent: number; readonly outcomes: Record<string, number> }

/** What was sent, and what has come of it. */
const Tallies = key<{ readonly asked: Tally; readonly told: Tally }, 'tallies'>('tallies')
/** Marks the context of what the indexer is told: its failures and dead letters are known by that. */
const Told = key<number, 'told'>('told')

const store = behaviour({
  initial: 'open',
  data: () => ({ pages: 0 }),
  states: {
    open: {
      put: ({ data }, { id }: Page, ctx) => {
        failAtTimes(ctx, 0.002, `page ${id} cannot be stored`)
        data.pages += 1
        return data.pages
      },
    },
  },
})

const indexer = behaviour({
  needs: [Tallies],
  initial: 'indexing',
  data: () => ({ words: 0 }),
  states: {
    indexing: {
      add: ({ data }, { id, words }: Page, ctx) => {
        failAtTimes(ctx, 0.002, `page ${id} cannot be indexed`)
        data.words += words
        count(ctx.get(Tallies).told, 'indexed')
      },
    },
  },
})

const Store = actorName<EventOf<typeof store>>('store')
const Indexer = actorName<EventOf<typeof indexer>>('indexer')

const parser = receiving<Parse, undefined, typeof System | typeof Tallies>(
  function* ({ receive, wait }) {
    for (;;) {
      const { event, ctx, reply } = yield* receive('parse')
      failAtTimes(ctx, 0.01, `page ${event.id} cannot be parsed`)
      yield* wait(ctx.after(1 + 6 * nextFraction(ctx.random)))
      const page: Page = { id: event.id, words: 100 }
      const { registry } = ctx.get(System)
      ctx.get(Tallies).told.sent += 1
      registry.get(Indexer).send(ctx.with(Told, page.id), { type: 'add', ...page })
      // The answer is the store's; meanwhile the parser turns to the next page.
      reply(registry.get(Store).ask(ctx, { type: 'put', ...page }))
    }
  },
  { needs: [System, Tallies] },
)

const client = receiving<{ readonly type: 'tick' } | Drain, readonly Ref<Parse>[], typeof Tallies>(
  function* ({ receive, wait, self, input: parsers }, ctx) {
    const { asked } = ctx.get(Tallies)
    const open = new Set<PromiseLike<number>>()
    for (;;) {
      ctx.after(10).then(() => self.send(ctx, { type: 'tick' }))
      if ((yield* receive('tick', 'drain')).event.type === 'drain') break
      for (let i = 0; i < 7; i++) {
        asked.sent += 1
        const chosen = parsers[ctx.random.nextUint32() % parsers.length]!
        const answer = chosen.ask(ctx, { type: 'parse', id: asked.sent }, { timeoutMs: 150 })
        const settled = (outcome: string) => {
          count(asked, outcome)
          open.delete(answer)
        }
        answer.then(
          () => settled('answered'),
          (error) => settled(FAILURES[codeOf(error)] ?? codeOf(error)),
        )
        open.add(answer)
      }
    }
    // The system is stopping: nothing more is asked, and what was asked is waited for.
    yield* wait(Promise.allSettled(open))
  },
  { needs: [Tallies] },
)

const FAILURES: Readonly<Record<string, string>> = {
  ACTOR_FAILED: 'failed',
  ASK_ACTOR_ENDED: 'left unanswered',
  ASK_REFUSED: 'refused',
  ASK_TIMEOUT: 'timed out',
}

function failAtTimes(ctx: Context, chance: number, why: string): void {
  if (nextFraction(ctx.random) < chance) throw new Error(why)
}

function count({ outcomes }: Tally, outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}

// ── The tree ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const library = supervisor({
  strategy: 'rest_for_one',
  // Not always enough. Then the library fails in its turn, and the service makes a new one.
  intensity: 3,
  periodMs: 2_000,
  children: [child('store', store, { as: Store }), child('indexer', indexer, { as: Indexer })],
})
const parsers = dynamicSupervisor({
  logic: parser,
  mailbox: { capacity: 16 },
  backoff: { minMs: 20, maxMs: 400 },
})
const Parsers = actorName<EventOf<typeof parsers>>('parsers')
const service = supervisor({
  intensity: 10,
  children: [child('library', library), child('parsers', parsers, { as: Parsers })],
})

// ── The program ───────────────────────────────────────────────────────────────────────────────────────────────────────

const seconds = given('SECONDS', 10)
const seed = given('SEED', 1)
const RESTARTS_PRINTED = 10
const asked: Tally = { sent: 0, outcomes: {} }
const told: Tally = { sent: 0, outcomes: {} }
let restarts = 0

// The log is silent, since failures are what this is about: they are told of below.
const system = createSystem({ name: 'search', random: createSeededRandom(seed), log: silentLog })
const ctx = system.ctx.with(Tallies, { asked, told })
const startMs = ctx.clock.nowMs()

system.events.on('failed', (failed) => failed.ctx.has(Told) && count(told, 'failed'))
system.events.on(
  'deadLetter',
  (letter) => letter.ctx.has(Told) && count(told, `dead letters: ${letter.reason}`),
)
system.events.on('restarted', ({ path, reason, restarts: times }) => {
  restarts += 1
  if (restarts <= RESTARTS_PRINTED) console.log(`${now()} ${path} restarted (${times}): ${why(reason)}`)
})
// Mistakes of this program, if it had any.
for (const name of ['unobserved', 'listenerFailed'] as const) {
  system.events.on(name, ({ error }) => console.error(error))
}

system.spawn(ctx, service, { name: 'service' })
const refs: Ref<Parse>[] = []
for (const name of ['parser-1', 'parser-2', 'parser-3', 'parser-4']) {
  const start = await system.registry.get(Parsers).ask(ctx, { type: 'startChild', name })
  if (start.outcome === 'started') refs.push(start.ref)
}
system.spawn(ctx, client, { name: 'client', input: refs })
printTree()

const [run, interrupt] = system.ctx.withTimeout(seconds * 1_000).withCancel()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt(signal))
while (!run.isCancelled) {
  // It fails when the time is over, which is the end of the loop and no failure.
  await run.after(2_000).catch(() => {})
  printTree()
}
// The youngest at the top is the first to finish: the client gets its answers, then the service ends.
await system.stop()

const balances = [balance('asked', asked), balance('told', told)]
for (const { line } of balances) console.log(line)
process.exitCode = balances.every(({ addsUp }) => addsUp) ? 0 : 1

/** A number from the environment. What is none ends the program with one line. */
function given(name: string, usual: number): number {
  const text = process.env[name] ?? ''
  const value = text === '' ? usual : Number(text)
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value
  console.error(`${name} must be a whole number from 0 to ${2 ** 31 - 1}, not "${text}"`)
  process.exit(1)
}

function printTree(): void {
  if (restarts > RESTARTS_PRINTED) console.log(`${now()} more restarts: ${restarts - RESTARTS_PRINTED}`)
  restarts = 0
  console.log(`\n${formatTree(system.snapshot())}\n`)
}

function now(): string {
  return `${((ctx.clock.nowMs() - startMs) / 1_000).toFixed(3).padStart(7)} s `
}

function why(reason: EndReason): string {
  if (reason.kind === 'failed') return (reason.error as Error).message
  return reason.kind === 'stopped' ? String(reason.reason) : 'it had finished'
}

function balance(name: string, { sent, outcomes }: Tally): { line: string; addsUp: boolean } {
  const addsUp = sent === Object.values(outcomes).reduce((sum, times) => sum + times, 0)
  const terms = Object.entries(outcomes).map(([outcome, times]) => `${times} ${outcome}`)
  return { line: `${name}: ${sent} ${addsUp ? '=' : 'is not'} ${terms.join(' + ')}`, addsUp }
}
