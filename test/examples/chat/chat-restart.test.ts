/** Law: what was shown is in the history, in the same order, however the server has ended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { postgresOrSkip } from '../../actors/transaction/postgres/server.ts'
import { type Environment, startWebProcess, type WebProcess } from '../web/web-process.ts'
import { type ChatClient, joined } from './chat-client.ts'

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test.serial(`after ${signal} the next server has all that was shown, and goes on from there`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-chat-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    await livesTwice(t, { DATABASE_FILE: join(folder, 'chat.db') }, signal)
  })

  test.serial(`on PostgreSQL, after ${signal} the next server has all that was shown`, async (t) => {
    const DATABASE_URL = await postgresOrSkip(t)
    if (DATABASE_URL !== undefined) await livesTwice(t, { DATABASE_URL }, signal)
  })
}

async function livesTwice(t: ExecutionContext, env: Environment, signal: NodeJS.Signals): Promise<void> {
  let shown: string[] = []
  for (const life of [1, 2]) {
    const server = await startWebProcess(t, env)
    const talkers = await Promise.all(['ada', 'bob', 'eve'].map((nick) => joined(t, server.chatPort, nick)))
    const [ada] = talkers as [ChatClient, ...ChatClient[]]
    ada.say('/history 100')
    const marker = `life ${life}`
    ada.say(marker)
    const history = said(await ada.until(`[lobby] ada: ${marker}`)).slice(0, -1)
    // What was kept and not shown any more comes behind it.
    const from = shown.length === 0 ? 0 : history.lastIndexOf(shown[0]!)
    t.deepEqual(history.slice(from, from + shown.length), shown)
    await Promise.all(talkers.map((talker, i) => talk(talker, `${life}.${i}`)))
    if (signal === 'SIGKILL') for (const [i, talker] of talkers.entries()) talker.say(`last ${life}.${i}`)
    const told = await end(server, signal, talkers)
    if (signal === 'SIGTERM') for (const lines of told) t.true(lines.includes('* the server is stopping'))
    // Each saw the same, from where he came in: who saw most is what the next server is asked for.
    const views = talkers.map(({ lines }) => since(said(lines), marker))
    const longest = views.reduce((a, b) => (b.length > a.length ? b : a))
    for (const view of views) t.deepEqual(view, longest.slice(0, view.length))
    t.true(longest.length >= 13)
    shown = longest
  }
}

/** Four lines, each when the one before has come back. */
async function talk(client: ChatClient, name: string): Promise<void> {
  for (let n = 1; n <= 4; n++) {
    client.say(`${name}.${n}`)
    await client.until(new RegExp(`: ${name}\\.${n}$`))
  }
}

async function end({ child, ended }: WebProcess, signal: NodeJS.Signals, talkers: readonly ChatClient[]) {
  child.kill(signal)
  const told = await Promise.all(talkers.map((talker) => talker.rest()))
  await ended
  return told
}

function said(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('[lobby]'))
}

/** From the last line with that text on. */
function since(lines: readonly string[], text: string): string[] {
  return lines.slice(lines.findLastIndex((line) => line.endsWith(`: ${text}`)))
}
