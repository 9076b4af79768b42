/**
 * An answer that hands the connection over to another protocol: `101 Switching Protocols` to a request that asks for it
 * (RFC 9110 section 7.8), or 200 to CONNECT (section 9.3.6). What follows on the connection is that protocol's.
 */
import type { CancelScope } from '../../runtime/context/cancellation.ts'
import type { Context } from '../../runtime/context/context.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type HeaderBlock, headerBlock, type ResponseHeaders, serialiseSwitch } from './codec/serialise.ts'
import { clientLeft, REQUEST_DONE } from './failure.ts'
import type { CurrentRequest, HttpRequest } from './request.ts'

/** Goes on with the connection, as `Protocol.converse` does. What the client sent ahead is in `connection.input`. */
export type Converse = (
  ctx: Context<typeof CurrentRequest>,
  connection: Connection,
) => Generator<void, void, void>

export interface UpgradeInit {
  /** Fields besides Upgrade, Connection and Date: `sec-websocket-accept`, say. */
  readonly headers?: ResponseHeaders
}

export class HttpUpgrade {
  /** The protocol that is switched to; undefined for the tunnel of CONNECT. */
  readonly protocol: string | undefined
  readonly headers: HeaderBlock
  readonly converse: Converse

  constructor(protocol: string | undefined, converse: Converse, init: UpgradeInit = {}) {
    this.protocol = protocol
    this.converse = converse
    this.headers = headerBlock(init.headers ?? [])
  }

  get status(): 101 | 200 {
    return this.protocol === undefined ? 200 : 101
  }

  /**
   * @internal The head that switches.
   *
   * @throws UsageError (`HTTP_UPGRADE_UNASKED`) where the client has not offered this protocol; (`HTTP_UPGRADE_EARLY`)
   *   while some of the request's body has not been read, which the other protocol would take for its own.
   */
  headFor(request: HttpRequest, date: string): string {
    const { head } = request
    if (!this.isAskedBy(request)) {
      const what = this.protocol === undefined ? 'a tunnel' : `"${this.protocol}"`
      throw new UsageError('HTTP_UPGRADE_UNASKED', `${what} was not asked for by ${request.method}`)
    }
    if (head.bodyKind !== 'none' && !request.body.isDone) {
      throw new UsageError(
        'HTTP_UPGRADE_EARLY',
        'the body of a request is read before its connection is handed over',
      )
    }
    return serialiseSwitch(this.protocol, this.headers, date)
  }

  /** @internal What is held there from then on. The request's context ends with it. */
  *conversation(
    request: HttpRequest,
    scope: CancelScope,
    connection: Connection,
  ): Generator<void, void, void> {
    try {
      yield* this.converse(request.ctx, connection)
      scope.end({ reason: REQUEST_DONE, atMs: connection.nowMs })
    } catch (error) {
      scope.cancel(error)
      throw error
    } finally {
      // Where it is over already this changes nothing.
      scope.cancel(clientLeft())
    }
  }

  private isAskedBy({ head }: HttpRequest): boolean {
    if (this.protocol === undefined) return head.method === 'CONNECT'
    if (!head.isUpgrade) return false
    const offered = (head.headers.get('upgrade') ?? '').toLowerCase().split(',')
    return offered.some((name) => name.trim() === this.protocol?.toLowerCase())
  }
}

/**
 * Answers a request by switching its connection to another protocol: `upgrade('websocket', converse, { headers })`.
 *
 * @param protocol - one of those that the client's Upgrade field offers.
 * @param converse - runs as the connection's conversation from then on, in the request's context, which ends with it.
 */
export function upgrade(protocol: string, converse: Converse, init?: UpgradeInit): HttpUpgrade {
  return new HttpUpgrade(protocol, converse, init)
}

/** Answers CONNECT with 200: from then on the connection is a tunnel, and `converse` moves its bytes. */
export function tunnel(converse: Converse, init?: UpgradeInit): HttpUpgrade {
  return new HttpUpgrade(undefined, converse, init)
}
