/** The actor of a database: its threads and its transactions are its children, and end with it. */
import type { Envelope } from '../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../runtime/system/logic.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { onThread } from '../../runtime/worker/on-thread.ts'
import { threadModule } from '../../runtime/worker/thread-module.ts'
import { Board } from './board.ts'
import type { DatabaseCore } from './database-core.ts'
import type { Access } from './driver.ts'
import type { DatabaseEvent } from './interface.ts'
import { LaneThread } from './lane-thread.ts'
import { GROUP_MAX } from './limits.ts'
import type { Migration } from './migrations.ts'
import type { DatabaseThreadEvent } from './thread/database-thread.ts'
import type { ThreadInput } from './thread/messages.ts'

/** What it is made from. */
export interface DatabaseSpec {
  readonly core: DatabaseCore
  readonly module: string
  readonly migrations: readonly Migration[] | undefined
  /** Its threads are there, and are to be opened. */
  onStaffed(writers: readonly LaneThread[], readers: readonly LaneThread[]): void
}

/** The logic of one database: it has one life. */
export function databaseLogic(spec: DatabaseSpec): Logic<DatabaseEvent> {
  return { name: 'database', needs: [], create: (host) => new DatabaseActor(host, spec) }
}

/** The thread that makes the database ready. */
const FIRST = 'writer-1'

/** Ends as the file does that is there when this runs. */
const THREAD = threadModule<typeof import('./thread/database-thread.ts')>(
  new URL(
    import.meta.url.endsWith('.ts') ? './thread/database-thread.ts' : './thread/database-thread.js',
    import.meta.url,
  ),
)

/** Groups that are under way to a thread that commits groups: while one is committed, the next is there already. */
const GROUPS_AHEAD = 2

class DatabaseActor implements Instance {
  private readonly host: Host
  private readonly spec: DatabaseSpec
  private readonly core: DatabaseCore

  constructor(host: Host, spec: DatabaseSpec) {
    this.host = host
    this.spec = spec
    this.core = spec.core
    this.core.attach(host)
    const { writers, readers } = this.core.plan
    const writing = Array.from({ length: writers }, (_, i) => this.thread('write', `writer-${i + 1}`))
    const reading = Array.from({ length: readers }, (_, i) => this.thread('read', `reader-${i + 1}`))
    this.core.staff(writing, reading)
    spec.onStaffed(writing, reading)
  }

  private thread(access: Access, name: string): LaneThread {
    const { plan, limits, ctx } = this.core
    const { module, migrations } = this.spec
    const slots = plan.commitsGroups ? GROUPS_AHEAD : plan.sessions
    const board = Board.create(slots, plan.commitsGroups ? GROUP_MAX : 1)
    const input: ThreadInput = {
      driver: plan,
      module,
      access,
      limits,
      board: board.memory,
      slots,
      versions: this.core.versions.memory,
      writer: 0,
      prepares: name === FIRST,
      migrations,
    }
    const logic = onThread(THREAD, 'databaseThread', {
      // Once home has given it up, nobody waits for what it is at.
      stuckMs: Math.max(10, Math.ceil(limits.stuckMs / 4)),
      startMs: limits.openMs,
      imports: [plan.module, module].map((url) => new URL(url)),
    })
    const ref = this.host.spawnChild(ctx, logic, {
      name,
      input,
      restart: { policy: 'permanent', backoff: { minMs: 20, maxMs: 2_000 } },
    })
    return new LaneThread(this.core.officeOf(access), ref as Ref<DatabaseThreadEvent>, board, slots)
  }

  receive(envelope: Envelope): void {
    const { type } = envelope.event
    if (type === 'drain' || type === 'closeDatabase') this.core.close()
    else this.host.unhandled(envelope)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {
    this.core.step()
  }

  /** It ends by itself, when what it has taken is done. */
  get drains(): boolean {
    return true
  }

  release(): void {
    this.core.over()
  }

  get value(): string {
    return this.core.isOpen ? 'open' : 'closing'
  }

  get context(): unknown {
    return this.core.statistics()
  }
}
