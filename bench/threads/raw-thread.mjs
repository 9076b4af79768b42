import { parentPort } from 'node:worker_threads'
import { add } from './adder.mjs'

parentPort.on('message', (event) => parentPort.postMessage(add(event)))
