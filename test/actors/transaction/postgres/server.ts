/**
 * Where tests find PostgreSQL: a server that runs already, with a database for each test, and servers of a test's own, which it
 * may stop and start.
 *
 * Where there is none a test says so and does nothing; but where `CI` is set it fails, so that no check is lost unseen.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import postgres from 'postgres'

const SERVER = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** The url of an empty database, which is dropped after the test; undefined where no server can be reached: then return. */
export async function postgresOrSkip(t: ExecutionContext): Promise<string | undefined> {
  const name = `greenroom_test_${process.pid}_${++databases}`
  try {
    await asAdministrator((sql) => sql.unsafe(`create database ${name}`))
  } catch (error) {
    return skipped(t, `PostgreSQL cannot be used at ${SERVER} (set POSTGRES_URL)`, error)
  }
  t.teardown(() => asAdministrator((sql) => sql.unsafe(`drop database ${name} with (force)`)))
  return Object.assign(new URL(SERVER), { pathname: `/${name}` }).href
}

let databases = 0

async function asAdministrator(work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(SERVER, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} })
  try {
    await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

export interface PrivateServer {
  readonly url: string
  readonly port: number
  /** Its folder, with `postgresql.conf`, which is read when it starts. */
  readonly data: string
  /** `immediate` is a crash: nothing is written any more. `fast` ends all connections, `smart` waits for them. */
  stop(mode: 'immediate' | 'fast' | 'smart'): void
  start(): void
}

/**
 * A server of the test's own, started; stopped and removed after it. Undefined where its programs are not installed: then return.
 *
 * @param settings - lines of postgresql.conf.
 */
export async function privateServerOrSkip(
  t: ExecutionContext,
  settings: readonly string[] = [],
): Promise<PrivateServer | undefined> {
  const bin = programs()
  if (bin === undefined) return skipped(t, 'the programs of a PostgreSQL server are not installed')
  const port = await freePort()
  const home = mkdtempSync(join(tmpdir(), 'greenroom-postgres-'))
  const data = join(home, 'data')
  const run = runner(home)
  const start = () => run(join(bin, 'pg_ctl'), 'start', '-w', '-D', data, '-l', join(home, 'log'))
  const stop = (mode: string) => run(join(bin, 'pg_ctl'), 'stop', '-w', '-D', data, '-m', mode)
  run(join(bin, 'initdb'), '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--encoding=UTF8')
  // fsync is off: what the machine's loss of power would do is not tested.
  const own = [`port = ${port}`, `unix_socket_directories = '${home}'`, 'fsync = off', ...settings]
  appendFileSync(join(data, 'postgresql.conf'), own.join('\n'))
  start()
  t.teardown(() => {
    try {
      stop('immediate')
    } catch {
      // The test has stopped it.
    }
    rmSync(home, { recursive: true, force: true })
  })
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, data, stop, start }
}

function programs(): string | undefined {
  const root = '/usr/lib/postgresql'
  const places = versions(root).map((version) => join(root, version, 'bin'))
  try {
    places.push(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: 'pipe' }).trim())
  } catch {
    // Debian has it in a package of its own, which need not be there.
  }
  return places.find((place) => contents(place).includes('initdb'))
}

/** The newest first. */
function versions(root: string): string[] {
  return contents(root).sort((a, b) => Number(b) - Number(a))
}

function contents(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The server refuses to run as root: there its programs run as the user that Debian has made for it. */
function runner(home: string): (program: string, ...args: string[]) => void {
  const options = { cwd: home, stdio: 'ignore', timeout: 60_000 } as const
  if (process.getuid?.() !== 0) return (program, ...args) => void execFileSync(program, args, options)
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])))
  chownSync(home, uid as number, gid as number)
  return (program, ...args) =>
    void execFileSync('runuser', ['-u', 'postgres', '--', program, ...args], options)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function skipped(t: ExecutionContext, why: string, error?: unknown): undefined {
  if (process.env.CI) throw new Error(why, { cause: error })
  t.log(`skipped: ${why}`)
  t.pass()
}
