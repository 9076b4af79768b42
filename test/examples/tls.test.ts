/** Law: with a certificate both servers speak TLS and nothing else, and take a new one without being started again. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { type ClientOptions, WebSocket } from 'ws'
import { authority, certificate } from '../actors/connection/certificates.ts'
import { startWebProcess, type WebProcess } from './web/web-process.ts'

const pems = fileURLToPath(new URL('../actors/connection/certificates/', import.meta.url))

interface Served extends WebProcess {
  /** Puts the files in place; `key`: of another certificate. */
  use(cert: string, key?: string): void
}

async function served(t: ExecutionContext): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const files = { TLS_CERT: join(folder, 'cert.pem'), TLS_KEY: join(folder, 'key.pem') }
  const use = (cert: string, key = cert) => {
    copyFileSync(`${pems}${cert}.pem`, files.TLS_CERT)
    copyFileSync(`${pems}${key}.key`, files.TLS_KEY)
  }
  use('server')
  return { ...(await startWebProcess(t, { ...files, LOG_LEVEL: 'info' })), use }
}

async function dial(t: ExecutionContext, port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority })
  t.teardown(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** What comes, until it matches. */
async function heard(socket: NodeJS.ReadableStream, what: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (what.test(text)) break
  }
  return text
}

test('the page over https, the chat over wss and over lines, in one room', async (t) => {
  const web = await served(t)
  t.regex(web.url!, /^https:/)
  const [response] = await once(
    get(`${web.url}/hello`, { ca: authority, servername: 'localhost' }),
    'response',
  )
  t.is(await heard(response, /!$/), 'Hello, World!')

  const ada = await dial(t, web.chatPort)
  ada.write('/nick ada\n/join lobby\n')
  const options = { ca: authority, servername: 'localhost' } as ClientOptions
  const bob = new WebSocket(`${web.url!.replace('https', 'wss')}/chat/socket`, options)
  t.teardown(() => bob.terminate())
  await once(bob, 'open')
  for (const command of [
    { type: 'nick', nick: 'bob' },
    { type: 'join', room: 'lobby' },
    { type: 'say', room: 'lobby', text: 'good evening' },
  ])
    bob.send(JSON.stringify(command))
  t.regex(await heard(ada, /bob: good evening\r\n/), /\* bob has joined lobby\r\n/)
})

test('who speaks no TLS is not spoken to', async (t) => {
  const web = await served(t)
  for (const port of [web.port, web.chatPort]) {
    const plain = connectPlain(port, '127.0.0.1')
    plain.on('error', () => {})
    plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    let text = ''
    plain.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    await once(plain, 'close')
    // At most an alert of TLS.
    t.false(/HTTP|greenroom/.test(text))
  }
})

test('SIGHUP has the certificate read again; one that cannot be used changes nothing', async (t) => {
  const web = await served(t)
  const serial = (name: 'server' | 'renewed') =>
    new X509Certificate(certificate(name).cert as string).serialNumber
  const shown = async () => (await dial(t, web.port)).getPeerCertificate().serialNumber
  const logged = async (what: RegExp) => {
    while (!what.test(web.log())) await once(web.child.stderr!, 'data')
  }
  t.is(await shown(), serial('server'))
  web.use('renewed')
  web.child.kill('SIGHUP')
  await logged(/the certificate was read again/)
  t.is(await shown(), serial('renewed'))
  web.use('server', 'client')
  web.child.kill('SIGHUP')
  await logged(/the certificate cannot be used: the old one stays/)
  t.is(await shown(), serial('renewed'))
})

test('files that cannot be used end it with one clear line', async (t) => {
  for (const env of [
    { TLS_CERT: '/no/such/file', TLS_KEY: '/no/such/file' },
    { TLS_CERT: `${pems}server.pem` },
    { TLS_CERT: `${pems}server.pem`, TLS_KEY: `${pems}client.key` },
  ]) {
    const { code, stderr } = await (await startWebProcess(t, env)).ended
    t.is(code, 1)
    t.regex(stderr, /^greenroom: TLS_CERT, TLS_KEY: [^\n]+\n$/)
  }
})
