/**
 * Birth, failure, restart and end of an actor.
 *
 *     running ─┬─▶ restarting ─▶ down ─▶ running
 *              └─▶ ending ─▶ ended            (from restarting and down as well)
 *
 * Theory of operation. An actor that restarts or ends goes down: first its children, the youngest first, then what its
 * own instance holds. `takeDown` walks the tree for that, with a loop. It breaks off at an actor whose own code is on the
 * stack (it handles a message, is being made, or gives back), at one that is given time to finish (`shutdownMs`), and at
 * one that gives back what takes its time (a thread): that one is left with the request, and when it has gone down the
 * walk continues upwards from there. All that a walk
 * has to know stands in the actors, so that walks may be broken off, and begun within each other, anywhere.
 *
 * Rules: children end before their parent, the youngest first, whoever stops whom. Nothing that an instance throws gets
 * out. What was asked of an actor while its code ran comes right after; a stop goes before a restart. A start that
 * fails is tried again in a step of its own: no storm of restarts keeps the loop. What becomes of an actor that has failed
 * or finished its overseer decides (`overseer.ts`); nothing is restarted below one that goes down.
 */
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { DRAINED, PARENT_ENDED, rank } from './end-reasons.ts'
import type { Carried, Instance } from './logic.ts'
import { isBug, type Overseen } from './overseer.ts'
import type { EndReason, FailurePhase } from './ref.ts'
import { DOWN, ENDED, ENDING, RESTARTING, RUNNING, Standing } from './standing.ts'

/** What is to follow once it has finished in its own time. */
const NOTHING = 0
const RESTART = 1
const END = 2

interface Failure {
  readonly error: unknown
}

export abstract class Life<Self extends Life<Self>> extends Standing<Self> implements Overseen {
  protected instance: Instance | undefined = undefined
  /** Code of its instance is on the stack: it is being made, handles something, or gives back what it holds. */
  isStepping = false
  /** It is to be started by the next step: a start has failed, or a delay is over. */
  protected mustStart = false
  /** Its first start was no failure. */
  hasRun = false
  /** It has no time to finish, and neither has anything below it. */
  private isKilled = false
  /** It was asked to finish, and then this. */
  private afterFinishing = NOTHING
  /** What is to come once its code has left the stack. */
  protected requested: EndReason | undefined = undefined
  /** Children that have left and whose end is just being told. This one does not end before they are done. */
  private departing = 0
  /** What it holds is being given back, and that takes its time. */
  private isClosing = false
  /** Ends its listening to the context that it was spawned under. */
  private unlisten: (() => void) | undefined = undefined

  abstract readonly carried: Carried | undefined
  /** Makes an instance. What it throws counts as a failed start. */
  protected abstract make(): Instance
  /** It runs, for the first time or again: mail that has waited is to be handled. */
  protected abstract running(): void
  /** Asks for a step: to start, to resume, or to see whether it is drained. */
  protected abstract stepLater(): void
  /** Asks it to finish what is in flight, and mail too unless it is to be restarted; then it calls `drained`. */
  protected abstract finishUp(isRestart: boolean): void
  /** It has nothing to finish. */
  protected abstract get isIdle(): boolean
  /** It takes no mail any more. */
  protected abstract closed(): void
  /** Its instance is gone, for a restart or for good: gives back what was kept for it. */
  protected abstract released(): void
  /** It ends with its parent anyway, since the context that it was spawned under is its parent's own. */
  protected abstract get isInParentsContext(): boolean

  /** Makes the first instance. A failure is reported and handled as any other; it is not thrown. */
  begin(): void {
    // Whoever waited for its name may have ended it already.
    if (!this.isAlive) return
    if (this.isHeard('spawned')) this.tell('spawned', {})
    // A listener may have stopped it.
    if (!this.isAlive) return
    this.endWithContext()
    if (!this.isAlive) return
    const failure = this.start()
    this.hasRun = failure === undefined
    this.started(failure)
    if (this.isRunning) this.running()
    else this.takeDown()
  }

  /** Ends it: now, or as soon as its own code has returned. What is below it has its time to finish. */
  end(reason: EndReason): void {
    if (this.goDown(reason)) this.takeDown()
  }

  /** Ends it with all that is below, and leaves no time to anything. */
  kill(reason: EndReason): void {
    this.isKilled = true
    this.goDown(reason)
    this.takeDown()
  }

  /** Kills the children, the youngest first. */
  killChildren(reason: EndReason): void {
    let child = this.youngest
    while (child !== undefined) {
      child.kill(reason)
      // One that could not end just now stays in the row.
      child = child.hasEnded ? this.youngest : child.nextElder
    }
  }

  stopToEnd(reason: EndReason): void {
    if (this.stage !== RUNNING) this.requestEnd(reason)
    else if (this.afterFinishing === NOTHING) this.finishFor(END, reason)
    else this.finishForGood()
  }

  stopToRestart(reason: EndReason): void {
    if (this.stage !== RUNNING || this.afterFinishing !== NOTHING) return
    this.finishFor(this.settings.policy === 'temporary' ? END : RESTART, reason)
  }

  startNow(): boolean {
    // Nothing is started below one that goes down: the walk that takes that down will come by.
    if (this.stage !== DOWN || this.parent?.isGoingDown) return false
    const reason = this.cause as EndReason
    const { restarts } = this
    restarts.total += 1
    this.stage = RUNNING
    this.requested = undefined
    const failure = this.start()
    if (failure === undefined) {
      this.hasRun = true
      restarts.started(this.clock.nowMs())
      if (this.isHeard('restarted')) this.tell('restarted', { reason, restarts: restarts.total })
      if (this.stage === RUNNING) this.running()
    }
    this.started(failure)
    this.mustStart = this.stage === RESTARTING
    if (this.mustStart) this.stepLater()
    else this.takeDown()
    return failure === undefined && this.stage === RUNNING
  }

  startAfter(delayMs: number): void {
    if (delayMs === 0) this.startNow()
    else this.after(delayMs, () => this.startLater())
  }

  /** What it, or somebody else, wants to become of it. */
  protected request(reason: EndReason): void {
    if (!this.isAlive) return
    if (!this.isStepping) this.conclude(reason)
    else if (this.requested === undefined || rank(reason) > rank(this.requested)) this.requested = reason
  }

  /** A stop by somebody else is final, also of one that is finishing for a restart. */
  protected requestEnd(reason: EndReason): void {
    if (this.afterFinishing === RESTART) this.afterFinishing = END
    this.request(reason)
  }

  /** It has finished what was in flight. */
  drained(): void {
    this.request(this.afterFinishing === NOTHING ? DRAINED : (this.cause as EndReason))
  }

  /** Its code has returned: what was requested meanwhile comes now. */
  protected concludeRequested(): void {
    const { requested } = this
    this.requested = undefined
    if (requested !== undefined) this.conclude(requested)
  }

  /** Its instance threw. */
  protected failed(error: unknown, phase: FailurePhase, ctx: Context): void {
    this.report(error, phase, ctx)
    this.conclude({ kind: 'failed', error, phase })
  }

  /** The start that was put off. */
  protected startAgain(): void {
    this.mustStart = false
    if (this.stage === DOWN) this.startNow()
    else this.takeDown()
  }

  private startLater(): void {
    if (this.stage !== DOWN) return
    this.mustStart = true
    this.stepLater()
  }

  /** Restarts it, or ends it where its overseer says so. */
  private conclude(reason: EndReason): void {
    this.decide(reason)
    this.takeDown()
  }

  private decide(reason: EndReason): void {
    const isStopped = reason.kind === 'stopped' || this.requested?.kind === 'stopped'
    this.requested = undefined
    if (this.parent?.isGoingDown || this.afterFinishing === END) {
      this.goDown(reason)
    } else if (this.afterFinishing === RESTART && !(reason.kind === 'failed' && isBug(reason.error))) {
      this.restart(reason)
    } else if (isStopped) {
      this.goDown(reason)
    } else if (this.stage === RUNNING) {
      const verdict = this.overseer.decide(this, reason)
      if (verdict === 'restart') this.restart(reason)
      else this.goDown(verdict)
    }
  }

  private restart(reason: EndReason): void {
    this.finished()
    this.cause = reason
    this.stage = RESTARTING
  }

  /** Marks it as ending. @returns false where that is not to be done here: it is under way, or comes later. */
  private goDown(reason: EndReason): boolean {
    if (this.stage >= ENDING) return false
    if (this.isStepping) {
      // What it has come to itself is the reason, where it ends in any case since its parent does.
      if (this.requested === undefined || !this.parent?.isGoingDown) this.requested = reason
      return false
    }
    this.finished()
    this.stage = ENDING
    this.mustStart = false
    this.cause = reason
    this.closed()
    return true
  }

  /** Its parent goes down. @returns false where the walk is to break off here. */
  private goDownFirst(parent: Life<Self>): boolean {
    if (parent.isKilled) this.isKilled = true
    // Its own walk may have broken off at one below that had time: it has none any more.
    if (this.isKilled && this.stage === ENDING) return !this.isStepping
    const hasTime = this.stage === RUNNING && this.settings.shutdownMs > 0 && !this.isKilled
    if (!hasTime || this.isIdle) return this.goDown(PARENT_ENDED)
    if (this.afterFinishing === NOTHING) this.finishFor(END, PARENT_ENDED)
    else this.finishForGood()
    return false
  }

  /** Gives it time to finish. */
  private finishFor(what: typeof RESTART | typeof END, reason: EndReason): void {
    const { shutdownMs } = this.settings
    this.afterFinishing = what
    this.cause = reason
    if (this.isIdle || shutdownMs === 0) {
      this.request(reason)
      return
    }
    if (shutdownMs !== Number.POSITIVE_INFINITY) {
      this.after(shutdownMs, () => {
        this.request({ kind: 'stopped', reason: `it did not finish within ${shutdownMs} ms` })
      })
    }
    this.finishUp(what === RESTART)
  }

  /** There will be no next life for its mail: what waits is handled in this one. */
  private finishForGood(): void {
    if (this.afterFinishing !== RESTART) return
    this.afterFinishing = END
    this.finishUp(false)
  }

  private finished(): void {
    this.afterFinishing = NOTHING
    this.forgetTimer()
  }

  /** Takes down what is to go down, from here on: below, then this, then above. See the theory of operation. */
  private takeDown(): void {
    let life: Life<Self> | undefined = this
    while (life?.isGoingDown) {
      const child: Self | undefined = life.youngest
      if (child !== undefined) {
        if (!child.goDownFirst(life)) return
        life = child
      } else {
        if (life.isStepping || life.mustStart || life.departing > 0 || life.isClosing) return
        life.childless()
        if (!life.isGoingDown) life = life.parent
      }
    }
  }

  /** All below is gone: now what it holds itself, and then it waits for its start, or has ended. */
  private childless(): void {
    const closing = this.release()
    if (closing?.isPending !== true) {
      this.gone()
      return
    }
    this.isClosing = true
    const closed = (): void => {
      this.isClosing = false
      this.gone()
      ;(this.isGoingDown ? this : this.parent)?.takeDown()
    }
    closing.listen(closed, (error) => {
      this.report(error, 'stopping', this.ctx)
      closed()
    })
  }

  private gone(): void {
    // What it held may have had a word in it.
    if (this.stage === RESTARTING && this.requested?.kind === 'stopped') this.decide(this.requested)
    if (this.stage === RESTARTING) {
      this.stage = DOWN
      this.overseer.isDown(this)
    } else if (this.stage === ENDING) {
      this.depart()
    }
  }

  private depart(): void {
    const { parent, watchers, overseer } = this
    const reason = this.cause as EndReason
    this.stage = ENDED
    this.watchers = undefined
    this.unlisten?.()
    this.unlisten = undefined
    this.leave()
    if (parent !== undefined) {
      parent.departing += 1
      // The root is nobody's actor: it was not spawned, and its end is the system's.
      if (this.isHeard('stopped')) this.tell('stopped', { reason })
    }
    if (watchers !== undefined)
      this.events.beside(() => watchers.tell({ type: 'down', ref: this.asRef, reason }))
    if (parent !== undefined) {
      parent.departing -= 1
      overseer.hasEnded(this, reason)
    }
  }

  /** Makes an instance. @returns what that threw. */
  private start(): Failure | undefined {
    let failure: Failure | undefined
    this.isStepping = true
    try {
      this.instance = this.make()
    } catch (error) {
      failure = { error }
    }
    this.isStepping = false
    return failure
  }

  /** Decides what is to come where the start failed, or asked for an end. */
  private started(failure: Failure | undefined): void {
    if (failure !== undefined) {
      const { error } = failure
      this.report(error, 'starting', this.ctx)
      this.decide({ kind: 'failed', error, phase: 'starting' })
    } else if (this.requested !== undefined) {
      this.decide(this.requested)
    }
  }

  /** @returns what takes its time. */
  private release(): Deferred<void> | undefined {
    const { instance } = this
    let closing: Deferred<void> | undefined | void
    this.instance = undefined
    this.childrensOverseer = undefined
    this.isStepping = true
    try {
      closing = instance === undefined ? this.closeCarried() : instance.release()
    } catch (error) {
      this.report(error, 'stopping', this.ctx)
    }
    this.isStepping = false
    this.released()
    return closing ?? undefined
  }

  private closeCarried(): Deferred<void> | undefined {
    return this.stage === ENDING ? this.carried?.close?.() : undefined
  }

  /** What was spawned for a context ends with it. */
  private endWithContext(): void {
    const { ctx } = this
    if (ctx.isBackground || this.isInParentsContext) return
    this.unlisten = ctx.onCancel(() => this.end({ kind: 'stopped', reason: ctx.failure() }))
  }
}
