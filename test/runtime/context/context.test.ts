/** Law: a context never changes; what is given to a child is seen below it and nowhere else. */
import test from 'ava'
import { MissingContextError } from '../../../runtime/context/context.ts'
import { key } from '../../../runtime/context/key.ts'
import { UsageError } from '../../../runtime/errors.ts'
import { createTestContext } from './support.ts'

const Database = key<{ query(): string }>('database')
const Tenant = key<string>('tenant')
const User = key<string>('user')

test('holds what it was given, and the context that it came from does not', (t) => {
  const { ctx } = createTestContext()
  const database = { query: () => 'rows' }
  const richer = ctx.with(Database, database).with(Tenant, 'acme')
  t.is(richer.get(Database), database)
  t.is(richer.get(Tenant), 'acme')
  t.true(richer.has(Database))
  t.false(ctx.has(Database))
  t.is(ctx.find(Tenant), undefined)
  t.deepEqual(ctx.keys(), [])
})

test('siblings do not see each other', (t) => {
  const base = createTestContext().ctx.with(Tenant, 'acme')
  const [one, other] = [base.with(User, 'one'), base.with(User, 'other')]
  t.deepEqual([one.get(User), other.get(User), base.find(User)], ['one', 'other', undefined])
})

test('the nearest value wins, and its key is listed once', (t) => {
  const ctx = createTestContext().ctx.with(Tenant, 'outer').with(User, 'ann').with(Tenant, 'inner')
  t.is(ctx.get(Tenant), 'inner')
  t.deepEqual(ctx.keys(), [Tenant, User])
})

test('undefined is a value like any', (t) => {
  const Maybe = key<string | undefined>('maybe')
  const ctx = createTestContext().ctx.with(Maybe, undefined)
  t.true(ctx.has(Maybe))
  t.is(ctx.get(Maybe), undefined)
})

test('a key is its own identity: another of the same name holds nothing', (t) => {
  const ctx = createTestContext().ctx.with(Tenant, 'acme')
  t.false(ctx.has(key<string>('tenant')))
})

test('keys pass through deadlines, cancellation and traces', (t) => {
  const ctx = createTestContext().ctx.with(Tenant, 'acme')
  const [child] = ctx.withTimeout(10).withTrace().withCancel()
  t.is(child.get(Tenant), 'acme')
})

const missing: [title: string, held: (typeof Tenant)[], message: string][] = [
  ['nothing', [], 'no "database" in this context; the keys that are there: none'],
  ['others', [Tenant, User], 'no "database" in this context; the keys that are there: "user", "tenant"'],
]

for (const [title, held, message] of missing) {
  test(`a key that is missing is named, together with what is there: ${title}`, (t) => {
    let ctx = createTestContext().ctx
    for (const one of held) ctx = ctx.with(one, 'value')
    // A program that compiles gets here only by a cast, or from JavaScript.
    const error = t.throws(() => ctx.get(Database as never), { instanceOf: MissingContextError })
    t.true(error instanceof UsageError)
    t.is(error?.code, 'CONTEXT_KEY_MISSING')
    t.is(error?.message, message)
  })
}

test('a key needs a name', (t) => {
  const error = t.throws(() => key(''), { instanceOf: UsageError })
  t.is(error?.code, 'KEY_NAME_EMPTY')
})

test('clock, randomness and log are those of the root', (t) => {
  const { ctx, clock } = createTestContext()
  const [child] = ctx.with(Tenant, 'acme').withTimeout(5).withCancel()
  t.is(child.clock, clock)
  t.is(child.random, ctx.random)
  t.is(child.log, ctx.log)
})

test('a context without cancellation keeps values and trace, and ends with everything alone', (t) => {
  const { ctx } = createTestContext()
  const Name = key<string, 'name'>('name')
  const [request, cancel] = ctx.with(Name, 'ann').withTrace().withTimeout(10).withCancel()
  const outliving = request.withoutCancel()
  t.is(outliving.get(Name), 'ann')
  t.is(outliving.trace, request.trace)
  t.is(outliving.deadlineMs, Number.POSITIVE_INFINITY)
  t.true(outliving.isBackground)
  cancel('the client left')
  t.true(request.isCancelled)
  t.false(outliving.isCancelled)
  t.is(ctx.withoutCancel(), ctx)
  ctx.end('over')
  t.true(outliving.isCancelled)
})
