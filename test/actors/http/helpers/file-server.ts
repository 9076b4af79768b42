/**
 * A server of files in a folder of the test's own, over the memory network. The files are real, so the system runs by
 * itself instead of being stepped: a test waits for what its client gets. The clock is manual: no time passes.
 */
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ActorSystem, createSystem, type System } from 'greenroom'
import { file, http, type Listening, listen, type Respond } from 'greenroom/actors'
import {
  checkLeaks,
  createManualClock,
  createMemoryNetwork,
  type MemoryClient,
  type MemoryClientOptions,
} from 'greenroom/testing'
import type { FileOptions } from '../../../../actors/http/helpers/file-options.ts'
import type { Logged } from '../../simulated-listener.ts'
import { type Response, request, responses } from '../server.ts'

/** When the files were last changed, unless a test says otherwise: before the manual clock's 2000-01-01. */
export const MODIFIED = new Date('1999-12-31T12:00:00Z')

export class FileServer {
  readonly root = mkdtempSync(join(tmpdir(), 'greenroom-files-'))
  readonly logged: Logged[] = []
  private readonly clock = createManualClock()
  private readonly network = createMemoryNetwork({ clock: this.clock })
  private readonly system: ActorSystem
  private readonly listening: Promise<Listening>

  constructor(options: Omit<FileOptions, 'root'> = {}, respond?: Respond<typeof System>) {
    const at = (level: string) => (fields: object, message: string) =>
      void this.logged.push({ level, message, code: (fields as { code?: unknown }).code })
    this.system = createSystem({
      clock: this.clock,
      poller: this.network.createPoller(),
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    })
    const protocol = http<typeof System>({
      respond: respond ?? ((_ctx, request) => file(request, request.path, { root: this.root, ...options })),
    })
    this.listening = Promise.resolve(listen(this.system.ctx, { endpoint: 'tcp:127.0.0.1:80', protocol }))
  }

  put(path: string, content: string | Buffer, modified: Date = MODIFIED): void {
    const name = join(this.root, path)
    mkdirSync(dirname(name), { recursive: true })
    writeFileSync(name, content)
    utimesSync(name, modified, modified)
  }

  async connect(options?: MemoryClientOptions): Promise<MemoryClient> {
    return this.network.connect((await this.listening).address, options)
  }

  /** The answer to one request on a connection of its own. */
  async ask(method: string, path: string, ...headers: string[]): Promise<Response> {
    const client = await this.connect()
    client.write(request(method, path, ['Connection: close', ...headers]))
    await client.until(({ hasEnded }) => hasEnded)
    client.close()
    const [response] = responses(client, method)
    if (response === undefined) throw new Error('no response')
    return response
  }

  get(path: string, ...headers: string[]): Promise<Response> {
    return this.ask('GET', path, ...headers)
  }

  /** Files of the folder that this process holds open. */
  get openFiles(): string[] {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${fd}`)
        return path.startsWith(this.root) ? [path.slice(this.root.length + 1)] : []
      } catch {
        return []
      }
    })
  }

  /** Waits until no file is open: another thread closes them. ava ends a test for which that does not come. */
  async closed(): Promise<void> {
    while (this.openFiles.length > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  async end(): Promise<void> {
    await this.listening
    await this.system.stop()
    await this.closed()
    checkLeaks(this.system)
    rmSync(this.root, { recursive: true })
  }
}
