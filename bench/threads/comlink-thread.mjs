import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { add } from './adder.mjs'

expose(add, nodeEndpoint(parentPort))
