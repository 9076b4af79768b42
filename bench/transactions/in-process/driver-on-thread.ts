/** better-sqlite3 on a thread of its own, without HTTP. */
import { answerMeasures } from '../../harness/contender.ts'
import { driverOnThread } from '../driver-on-thread.ts'
import { OneByOne } from '../one-by-one.ts'

const [, , file = ''] = process.argv
const oneByOne = new OneByOne(file, driverOnThread(file))

await answerMeasures({ alone: (seconds) => oneByOne.measure(seconds) })
