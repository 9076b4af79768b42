import { parentPort } from 'node:worker_threads'
import { add } from './adder.mjs'

parentPort.on('message', (events) => parentPort.postMessage(events.map(add)))
