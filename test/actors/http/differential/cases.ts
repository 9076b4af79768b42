/** What both servers are told: the tables of the codec's tests, the vectors of smuggling, and mutants of a few seeds. */
import { invalidRequests, validRequests } from '../codec/requests.ts'
import { chunks } from '../smuggling/chunks.ts'
import { codings } from '../smuggling/codings.ts'
import { connections } from '../smuggling/connections.ts'
import { hosts } from '../smuggling/hosts.ts'
import { lengths } from '../smuggling/lengths.ts'
import { lines } from '../smuggling/lines.ts'

export interface Case {
  readonly title: string
  readonly bytes: string
}

const vectors = [codings, lengths, chunks, lines, hosts, connections].flat()

export const tables: readonly Case[] = [
  ...validRequests,
  ...invalidRequests.map(([title, bytes]) => ({ title, bytes })),
  ...vectors,
]

/** Each is followed by a second request, by which a mutant's end is known. */
const seeds: readonly string[] = [
  'GET /a?b=c HTTP/1.1\r\nHost: a:80\r\nX-Y: z\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n',
  'GET http://a/b HTTP/1.1\r\nHost: [::1]\r\nConnection: x, y\r\n\r\n',
]

const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n'

const replacing = '\r\n\0 \t\x0b:;,"#@/0A\xff'
const inserting = '\r\n\0 \t'

/** Every seed with every byte replaced, left out, or with one put before it. */
export function* mutants(): Generator<Case, void, void> {
  for (const [i, seed] of seeds.entries()) {
    for (let at = 0; at < seed.length; at++) {
      const [before, after] = [seed.slice(0, at), seed.slice(at + 1)]
      const made = [
        ['without', '', before + after],
        ...[...replacing].map((byte) => ['replaced by', byte, before + byte + after]),
        ...[...inserting].map((byte) => ['behind', byte, before + byte + seed.slice(at)]),
      ]
      for (const [how, byte, bytes] of made) {
        if (bytes === seed) continue
        yield { title: `seed ${i}, byte ${at} ${how} ${JSON.stringify(byte)}`, bytes: bytes + NEXT }
      }
    }
  }
}
