/**
 * comlink as its documentation has it for Node, one call for each question. The function itself is exposed, which is a
 * third faster than a method of an object, where each call makes a proxy for the method first.
 */

import { Worker } from 'node:worker_threads'
import { type Endpoint, wrap } from 'comlink'
import { type Add, answerRoundTrips } from './round-trips.ts'

// comlink ships no declarations for it.
const adapter: string = 'comlink/dist/esm/node-adapter.mjs'
const { default: nodeEndpoint } = (await import(adapter)) as { default: (worker: Worker) => Endpoint }

const worker = new Worker(new URL('./comlink-thread.mjs', import.meta.url))
const add = wrap<(event: Add) => number>(nodeEndpoint(worker))

await answerRoundTrips((event) => add(event))
