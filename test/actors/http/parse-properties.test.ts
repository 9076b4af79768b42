/**
 * Guards: every request that the grammar makes comes back as it was made; no cut changes what is read; arbitrary bytes
 * give messages or a refusal and nothing else; and node:http reads our valid requests as we do.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { defaultHttpLimits } from '../../../actors/http/limits.ts'
import { type Message, read } from './reading.ts'
import { invalidRequests, validRequests } from './requests.ts'

interface Plan {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, blank: string, value: string, end: string])[]
  readonly body: { readonly chunks: readonly string[]; readonly isChunked: boolean }
}

const tokenChars = [..."!#$%&'*+-.^_`|~0123456789abcXYZ"]
const token = fc.string({ unit: fc.constantFrom(...tokenChars), minLength: 1, maxLength: 12 })
const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 })
const visible = fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f)
const word = fc.array(visible, { maxLength: 12 }).map((codes) => String.fromCharCode(...codes))
const value = fc.array(word, { maxLength: 3 }).map((words) => words.join(' ').trim())
const targetChar = fc.integer({ min: 0x21, max: 0x7e }).filter((code) => code !== 0x23)
const target = fc.array(targetChar, { maxLength: 20 }).map((codes) => `/${String.fromCharCode(...codes)}`)
const data = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

const plan: fc.Arbitrary<Plan> = fc.record({
  method: token.filter((method) => method !== 'CONNECT'),
  target,
  // The prefix keeps random names away from the few that mean something.
  fields: fc.array(
    fc.tuple(
      token.map((name) => `X-${name}`),
      blank,
      value,
      blank,
    ),
    { maxLength: 5 },
  ),
  body: fc.record({ chunks: fc.array(data, { maxLength: 4 }), isChunked: fc.boolean() }),
})

function write({ method, target, fields, body }: Plan): string {
  const lines = fields.map(([name, before, text, after]) => `${name}:${before}${text}${after}\r\n`).join('')
  const head = `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}`
  const text = body.chunks.join('')
  if (!body.isChunked) return `${head}Content-Length: ${text.length}\r\n\r\n${text}`
  const chunks = body.chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)))
}

const cuts = fc.array(fc.nat(), { maxLength: 8 })

test('what the grammar makes comes back, pipelined and in any cut', (t) => {
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 4 }), cuts, (plans, positions) => {
      const { messages, verdict } = read(cutAt(Buffer.from(plans.map(write).join(''), 'latin1'), positions))
      t.is(verdict, 'end')
      t.is(messages.length, plans.length)
      for (const [i, { method, target, fields, body }] of plans.entries()) {
        const message = messages[i]!
        t.deepEqual([message.method, message.target], [method, target])
        t.deepEqual(
          message.headers.slice(1, -1),
          fields.map(([name, , text]) => [name.toLowerCase(), text]),
        )
        t.is(message.body, body.chunks.join(''))
      }
    }),
  )
})

test('one byte changed, added or left out: the verdict does not depend on the cut', (t) => {
  const seeds = [...validRequests.map(({ bytes }) => bytes), ...invalidRequests.map(([, bytes]) => bytes)]
  const short = seeds.filter((bytes) => bytes.length > 0 && bytes.length < 1_000)
  const byte = fc.constantFrom(...Buffer.from('\r\n\0 \t:;,"0aA\x7f\xff', 'latin1'))
  fc.assert(
    fc.property(
      fc.constantFrom(...short),
      fc.nat(),
      byte,
      fc.nat(2),
      cuts,
      (bytes, at, put, mode, positions) => {
        const mutant = [...Buffer.from(bytes, 'latin1')]
        mutant.splice(at % mutant.length, mode === 0 ? 0 : 1, ...(mode === 2 ? [] : [put]))
        const buffer = Buffer.from(mutant)
        const whole = read([buffer])
        t.deepEqual(read(cutAt(buffer, positions)), whole)
        t.deepEqual(read(Array.from(buffer, (single) => Buffer.of(single))), whole)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('arbitrary bytes give messages and a verdict, never another error', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read([Buffer.from(bytes)]).verdict !== ''),
  )
  t.pass()
})

/** Our reading of the fields that node:http keeps in the same form. */
type Essence = Pick<Message, 'method' | 'target' | 'headers' | 'body'>

async function readByNode(bytes: Buffer): Promise<Essence[]> {
  // Node hands out pipelined requests before it has read their bodies: the order is that of arrival, not of the ends.
  const essences: Promise<Essence>[] = []
  const server = createServer({ maxHeaderSize: defaultHttpLimits.headBytesMax }, (request, response) => {
    const essence = essenceOf(request)
    essences.push(essence)
    essence.finally(() => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume()
  })
  await new Promise((resolve) => server.close(resolve))
  return Promise.all(essences)
}

async function essenceOf(request: IncomingMessage): Promise<Essence> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const headers: [string, string][] = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push([request.rawHeaders[i]!.toLowerCase(), request.rawHeaders[i + 1]!])
  }
  const { method = '', url = '' } = request
  return { method, target: url, headers, body: Buffer.concat(pieces).toString('latin1') }
}

test('node:http reads the same from what both accept', async (t) => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  const plans = fc.sample(plan, { numRuns: 30, seed: 1 }).map((made, i) => ({
    ...made,
    method: methods[i % methods.length]!,
    target: made.target.replace(/[^/\w?&=.-]/g, '_'),
  }))
  const bytes = Buffer.from(plans.map(write).join(''), 'latin1')
  const ours = read([bytes]).messages.map(({ method, target, headers, body }) => ({
    method,
    target,
    headers,
    body,
  }))
  t.is(ours.length, plans.length)
  t.deepEqual(ours, await readByNode(bytes))
})
