/** Law: what leaves one part of a flow is what the next one takes. Never run. */
import type { Stage } from '../../../../actors/stage/interface.ts'
import { type Flow, fanOut, flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import type { FlowRun } from '../../../../actors/stage/pipeline/run.ts'
import type { Refused } from '../../../../actors/stage/refused.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import type { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { holds, type Same } from '../../../types/same.ts'

interface Row {
  readonly account: string
}

declare const ctx: Context
declare const parse: Stage<string, Row>
declare const store: Stage<Row, number>

const flow = flowOf(parse).to(store).map(String)
holds<Same<typeof flow, Flow<string, string>>>()
const submitted = flow.submit(ctx, 'a')
holds<Same<typeof submitted, Deferred<string> | Refused>>()
holds<Same<ReturnType<typeof flow.go>, Deferred<string>>>()
const run = flow.run(ctx, ['a', 'b'])
holds<Same<typeof run, FlowRun<string>>>()
for await (const result of run) holds<Same<typeof result, string>>()

// @ts-expect-error: that is no item of this flow
flow.submit(ctx, 1)
// @ts-expect-error: nor is that a source of its items
flow.run(ctx, [1])
// @ts-expect-error: parsing again what was parsed
flowOf(parse).to(parse)
// @ts-expect-error: a store takes rows
flowOf(parse).map(String).to(store)

// Fan-out: a key of what comes in, lanes that all give the same.
const lanes = { count: 4, lane: () => store }
holds<Same<ReturnType<typeof books>, Flow<string, number>>>()
function books() {
  return flowOf(parse).fanOut(({ account }) => account, lanes)
}
const row = fanOut(({ account }: Row) => account, [store, flowOf(store)])
holds<Same<typeof row, Flow<Row, number>>>()
// @ts-expect-error: a row is no key
flowOf(parse).fanOut((row) => row, lanes)
// @ts-expect-error: a lane takes what comes in
flowOf(parse).fanOut(({ account }) => account, [parse])
