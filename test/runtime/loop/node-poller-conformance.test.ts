/** The node poller keeps the laws of every poller, over TCP and over unix sockets. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodePoller } from '../../../runtime/loop/node-poller.ts'
import type { Address } from '../../../runtime/loop/poller.ts'
import { testClient } from './client-conformance.ts'
import { type PollerPeer, type PollerSubject, testPoller } from './poller-conformance.ts'

for (const laws of [testPoller, testClient]) {
  laws('node tcp', () => createSubject(() => ({ transport: 'tcp', host: '127.0.0.1', port: 0 })))
  laws('node unix', () => createSubject((folder) => ({ transport: 'unix', path: join(folder, 'socket') })))
}

function createSubject(addressIn: (folder: string) => Address): PollerSubject {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-'))
  const sockets: Socket[] = []
  return {
    poller: createNodePoller(),
    otherPoller: createNodePoller,
    freshAddress: () => addressIn(folder),
    // One round of libuv: timers, poll, then this.
    pass: () => new Promise((resolve) => setImmediate(resolve)),
    connect(to) {
      const socket = connect(
        to.transport === 'unix'
          ? { path: to.path, allowHalfOpen: true }
          : { host: to.host, port: to.port, allowHalfOpen: true, noDelay: true },
      )
      sockets.push(socket)
      const chunks: Buffer[] = []
      const peer = {
        hasEnded: false,
        wasReset: false,
        get received() {
          return Buffer.concat(chunks)
        },
        write: (text: string) => void socket.write(text, 'latin1'),
        end: () => void socket.end(),
        reset: () => void socket.resetAndDestroy(),
        destroy: () => void socket.destroy(),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
      }
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('end', () => {
        peer.hasEnded = true
      })
      return new Promise<PollerPeer>((resolve, reject) => {
        socket.on('error', (error) => {
          peer.wasReset = true
          reject(error)
        })
        socket.on('connect', () => resolve(peer))
      })
    },
    close() {
      for (const socket of sockets) socket.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
