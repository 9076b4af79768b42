// A database on a thread, asked for one statement at a time. Statements are prepared once.
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const database = new Database(workerData.file)
for (const pragma of workerData.pragmas) database.pragma(pragma)
const prepared = new Map()

function statement(sql) {
  let found = prepared.get(sql)
  if (found === undefined) {
    found = database.prepare(sql)
    prepared.set(sql, found)
  }
  return found
}

parentPort.on('message', ({ id, sql, parameters }) => {
  try {
    const { reader } = statement(sql)
    const value = reader ? statement(sql).get(parameters) : statement(sql).run(parameters).changes
    parentPort.postMessage({ id, value })
  } catch (error) {
    parentPort.postMessage({ id, error: { code: error.code, message: error.message } })
  }
})
