/** Traces of controllers: a line of JSON for each decision, which has in it the sample that it was made from. */
import { readFileSync } from 'node:fs'
import type { AdmissionDecision } from '../../../../actors/stage/controllers/admission-controller.ts'
import type { BatchDecision } from '../../../../actors/stage/controllers/batch-controller.ts'
import type { PoolDecision } from '../../../../actors/stage/controllers/pool-controller.ts'

export interface TraceLine {
  readonly controller: string
  readonly decision: AdmissionDecision | BatchDecision | PoolDecision
}

/** In force when the traces were recorded. */
export const recordedOptions = {
  admission: { targetMs: 100 },
  pool: { min: 1, max: 2 },
  batch: { windowMs: 1 },
} as const

export function readTrace(name: string): readonly TraceLine[] {
  const text = readFileSync(new URL(`./recorded/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceLine)
}
