/**
 * Law: a web service gets each message as a POST with a key to drop it by; its status decides whether the message is gone,
 * comes again, or is dead. Against a real server.
 */
import test, { type ExecutionContext } from 'ava'
import { createSystem, type System, silentLog } from 'greenroom'
import { CurrentRequest, type HttpResponse, http, listen, status, text } from 'greenroom/actors'
import { checkLeaks } from 'greenroom/testing'
import type { Delivery } from '../../../../actors/transaction/outbox/destination.ts'
import { type ToHttpOptions, toHttp } from '../../../../actors/transaction/outbox/to-http.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import { codeOf, describe } from '../../../../runtime/errors.ts'
import { utcText } from '../../../../runtime/time/utc-text.ts'

interface Service {
  readonly ctx: Context<typeof System>
  readonly url: string
  /** What came in. */
  readonly requests: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body: string
  }[]
  /** Gives what the delivery failed with; undefined where it was acknowledged. */
  deliver(
    changed?: Partial<Delivery>,
    options?: ToHttpOptions,
    ctx?: Context<typeof System>,
  ): Promise<unknown>
}

const message: Delivery = { id: 7, destination: 'billing', payload: { n: 1 }, attempt: 1, createdMs: 0 }

/** A service that answers so. */
function served(
  answer: () => HttpResponse | PromiseLike<HttpResponse>,
  body: (t: ExecutionContext, service: Service) => Promise<unknown>,
) {
  return async (t: ExecutionContext) => {
    const system = createSystem({ log: silentLog })
    const { ctx } = system
    const requests: { method: string; headers: Record<string, string>; body: string }[] = []
    const protocol = http({
      async respond(own) {
        const request = own.get(CurrentRequest)
        requests.push({
          method: request.method,
          headers: Object.fromEntries(request.headers),
          body: await request.text(),
        })
        return answer()
      },
    })
    const listening = await listen(ctx, { endpoint: 'tcp:127.0.0.1:0', protocol })
    const url = `http://127.0.0.1:${listening.port}/hook?secret=1`
    await body(t, {
      ctx,
      url,
      requests,
      async deliver(changed = {}, options = {}, own = ctx) {
        try {
          await toHttp(url, options).deliver(own, { ...message, ...changed })
        } catch (error) {
          return error
        }
        return undefined
      },
    })
    await system.stop({ graceMs: 0 })
    t.notThrows(() => checkLeaks(system))
  }
}

test(
  'a message is a POST of JSON with its key and its trace, and 2xx acknowledges it',
  served(
    () => status(204),
    async (t, { ctx, deliver, requests }) => {
      const own = ctx.withTrace(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
      t.is(await deliver({}, { headers: { authorization: 'Bearer x' } }, own), undefined)
      t.like(requests, [
        {
          method: 'POST',
          body: '{"n":1}',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': '7',
            authorization: 'Bearer x',
            traceparent: own.traceparent,
          },
        },
      ])
      await deliver({}, { source: 'shop' })
      t.is(requests[1]?.headers['idempotency-key'], 'shop-7')
    },
  ),
)

for (const code of [408, 425, 429, 500, 502, 503, 599, 301, 307]) {
  test(
    `${code} has it sent again`,
    served(
      () => text('not now', { status: code, headers: { location: '/elsewhere' } }),
      async (t, { deliver, requests, url }) => {
        const error = await deliver()
        t.is(codeOf(error), 'OUTBOX_HTTP_STATUS')
        t.is(describe(error), `POST ${url.replace('?secret=1', '')}: ${code} not now`)
        t.is(requests.length, 1)
      },
    ),
  )
}

for (const code of [400, 401, 404, 409, 410, 422]) {
  test(
    `${code} is final`,
    served(
      () => text('no', { status: code }),
      async (t, { deliver }) => t.is(codeOf(await deliver()), 'OUTBOX_UNDELIVERABLE'),
    ),
  )
}

for (const [field, retryAfterMs] of [
  ['7', 7_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
  ['soon', undefined],
] as const) {
  test(
    `Retry-After: ${field} is told as ${retryAfterMs} ms`,
    served(
      () => status(503, { headers: { 'retry-after': field } }),
      async (t, { deliver }) =>
        t.is(((await deliver()) as { retryAfterMs?: number }).retryAfterMs, retryAfterMs),
    ),
  )
}

test(
  'a date in Retry-After is told as the time until then',
  served(
    () => status(429, { headers: { 'retry-after': utcText(Date.now() + 60_000) } }),
    async (t, { deliver }) => {
      const { retryAfterMs = 0 } = (await deliver()) as { retryAfterMs?: number }
      t.true(retryAfterMs > 50_000 && retryAfterMs <= 60_000, `${retryAfterMs}`)
    },
  ),
)

test(
  'a service that does not answer is given up when the context ends',
  served(
    () => new Promise<HttpResponse>(() => {}),
    async (t, { ctx, deliver, requests }) => {
      const [own, cancel] = ctx.withCancel()
      const delivering = deliver({}, {}, own)
      while (requests.length === 0) await ctx.after(5)
      cancel('too long')
      t.is(codeOf(await delivering), 'OUTBOX_HTTP_FAILED')
    },
  ),
)

test(
  'an answer is read up to its bound alone',
  served(
    () => text('x'.repeat(1_000_000), { status: 500 }),
    async (t, { deliver }) => t.true(describe(await deliver({}, { answerBytesMax: 1_000 })).length < 300),
  ),
)

test(
  'a body that is too long is not sent',
  served(
    () => status(204),
    async (t, { deliver, requests }) => {
      const error = await deliver({ payload: 'x'.repeat(100) }, { bodyBytesMax: 101 })
      t.is(codeOf(error), 'OUTBOX_UNDELIVERABLE')
      t.is(describe(error), 'a body of 102 bytes; at most 101 are sent (bodyBytesMax)')
      t.deepEqual(requests, [])
    },
  ),
)

test('a service that is not there is asked again, and the error says why', async (t) => {
  await using system = createSystem({ log: silentLog })
  const listening = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({ respond: () => status(204) }),
  })
  await listening.close(system.ctx)
  const error = await t.throwsAsync(async () => {
    await toHttp(`http://127.0.0.1:${listening.port}/?secret=1`).deliver(system.ctx, message)
  })
  t.is(codeOf(error), 'OUTBOX_HTTP_FAILED')
  t.notRegex(describe(error), /secret/)
})

test('what is no address, or no option, is refused at once', (t) => {
  for (const [url, options] of [
    ['billing', {}],
    ['ftp://billing/', {}],
    ['http://user:secret@billing/', {}],
    ['http://billing/', { bodyBytesMax: 0 }],
    ['http://billing/', { retries: 3 }],
    ['http://billing/', { headers: { 'Idempotency-Key': '1' } }],
  ] as const) {
    t.throws(() => toHttp(url, options as ToHttpOptions), { code: 'TRANSACTION_OPTION_INVALID' })
  }
})
