/** Law: what was decided on real threads is decided again from the samples alone: the controllers know nothing else. */
import test from 'ava'
import {
  type AdmissionDecision,
  admissionStep,
  initialAdmission,
} from '../../../../actors/stage/controllers/admission-controller.ts'
import { resolveAdmissionOptions } from '../../../../actors/stage/controllers/admission-options.ts'
import {
  type BatchDecision,
  batchStep,
  initialBatch,
} from '../../../../actors/stage/controllers/batch-controller.ts'
import { resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'
import {
  initialPool,
  type PoolDecision,
  poolStep,
} from '../../../../actors/stage/controllers/pool-controller.ts'
import { resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'
import { readTrace, recordedOptions } from './trace.ts'

for (const name of ['jobs', 'batches']) {
  const of = <D>(controller: string): D[] =>
    readTrace(name).flatMap((line) => (line.controller === controller ? [line.decision as D] : []))

  test(`${name}: the pool grows while jobs wait, as it did`, (t) => {
    const options = resolvePoolOptions(recordedOptions.pool)
    let state = initialPool(options)
    const decisions = of<PoolDecision>('pool')
    for (const decision of decisions) {
      const step = poolStep(state, decision.sample, options)
      t.deepEqual(step.decision, decision)
      state = step.state
    }
    t.true(decisions.some(({ action }) => action === 'grow'))
  })

  test(`${name}: admission decides as it did`, (t) => {
    const options = resolveAdmissionOptions(recordedOptions.admission)
    const decisions = of<AdmissionDecision>('admission')
    t.true(decisions.length >= 5)
    // Looks that decided nothing were not told; the first one only says when.
    const [first] = decisions as [AdmissionDecision]
    let { state } = admissionStep(
      initialAdmission(options),
      { ...first.sample, nowMs: first.sample.nowMs - options.intervalMs },
      options,
    )
    for (const decision of decisions) {
      const step = admissionStep(state, decision.sample, options)
      t.deepEqual(step.decision, decision)
      state = step.state
    }
  })
}

test('batches: the batch controller decides as it did, and has grown', (t) => {
  const options = resolveBatchOptions(recordedOptions.batch)
  let state = initialBatch(options)
  const decisions = readTrace('batches').flatMap(({ controller, decision }) =>
    controller === 'batch' ? [decision as BatchDecision] : [],
  )
  for (const decision of decisions) {
    const step = batchStep(state, decision.sample, options)
    t.deepEqual(step.decision, decision)
    state = step.state
  }
  t.true(Math.max(...decisions.map(({ batchSize }) => batchSize)) > 1)
})
