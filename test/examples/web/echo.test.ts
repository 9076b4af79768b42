/** Law: what is posted to /echo comes back identical, while it is still coming in, and the server's memory stays flat. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { ask } from './http-client.ts'
import { startWebProcess } from './web-process.ts'

const MB = 1_000_000

test.serial('gives back 10 MB, by length and in chunks', async (t) => {
  const { port } = await startWebProcess(t)
  const whole = noise(10 * MB)
  for (const body of [whole, pieces(whole, 70_001)]) {
    const answer = await ask(port, '/echo', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-noise' },
    })
    t.is(answer.status, 200)
    t.is(answer.headers['content-type'], 'application/x-noise')
    t.is(answer.body.length, whole.length)
    t.is(digest(answer.body), digest(whole))
  }
})

test.serial('gives back small and empty bodies', async (t) => {
  const { port } = await startWebProcess(t)
  for (const text of ['', 'a', 'two words', 'ä€😀'.repeat(100)]) {
    const whole = Buffer.from(text)
    t.is((await ask(port, '/echo', { method: 'POST', body: whole })).text, text)
    t.is((await ask(port, '/echo', { method: 'POST', body: pieces(whole, 3) })).text, text)
  }
})

const testOnLinux = process.platform === 'linux' ? test.serial : test.serial.skip

testOnLinux('keeps its memory flat, whatever passes through', async (t) => {
  const { port, child } = await startWebProcess(t)
  const whole = noise(10 * MB)
  // What the first requests load and compile, and how far they let heaps grow, is not what is measured.
  const both = async () => {
    await ask(port, '/echo', { method: 'POST', body: whole })
    await ask(port, '/echo', { method: 'POST', body: pieces(whole, 65_536) })
  }
  for (let i = 0; i < 3; i++) await both()
  const before = peakBytes(child.pid!)
  for (let i = 0; i < 4; i++) await both()
  const grown = peakBytes(child.pid!) - before
  t.true(grown < 32 * MB, `80 MB passed through, and the peak of the memory grew by ${grown / MB} MB`)
})

/** Bytes of which no two pages are alike, the same in every run. */
function noise(bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes)
  let state = 1
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    buffer[i] = state >>> 16
  }
  return buffer
}

function pieces(whole: Buffer, size: number): Buffer[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, i) => whole.subarray(i * size, (i + 1) * size))
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The most that the process has ever had in memory. */
function peakBytes(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match![1]) * 1024
}
