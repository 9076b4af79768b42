/** greenroom's server, whichever the database: one transaction for each request, its limits and timeouts at their defaults. */

import type { HttpRequest } from '../../actors/http/request.ts'
import type { HttpResponse } from '../../actors/http/response.ts'
import type { DriverPlan } from '../../actors/transaction/driver.ts'
import type { Context } from '../../runtime/context/context.ts'
import { createSystem, http, json, listen, silentLog, text } from '../built.ts'
import { openDatabase } from '../built-transactions.ts'
import { serveUntilStdinEnds } from '../http/serve.ts'
import { type Transfers, transfersModule } from './transfers.ts'
import { STATUS_INSUFFICIENT, STATUS_TAKEN, TRANSFERS_PATH, type Transfer } from './work.ts'

export async function serveGreenroom(driver: DriverPlan): Promise<void> {
  const system = createSystem({ log: silentLog })
  const database = await openDatabase<Transfers>(system.ctx, {
    driver,
    module: transfersModule,
  })

  async function transfer(ctx: Context, request: HttpRequest): Promise<HttpResponse> {
    try {
      const receipt = await database.transact(ctx, 'transfer', (await request.json()) as Transfer)
      return json(receipt, { status: 201 })
    } catch (error) {
      const { code } = error as { readonly code?: unknown }
      if (code === 'DATABASE_CONSTRAINT') return text('this id is taken', { status: STATUS_TAKEN })
      if (code === 'INSUFFICIENT_FUNDS') return text('not enough', { status: STATUS_INSUFFICIENT })
      throw error
    }
  }

  const listener = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({
      respond(ctx, request) {
        if (request.method === 'POST' && request.path === TRANSFERS_PATH) return transfer(ctx, request)
        return text('not found', { status: 404 })
      },
    }),
  })
  serveUntilStdinEnds(listener.port ?? 0)
}
