/** Transfers one after another, in the contender's own process: how long a transaction takes with nobody to commit with. */
import Database from 'better-sqlite3'
import { nsPerOperation } from '../harness/contender.ts'
import { ACCOUNTS, AMOUNT_MAX, type Receipt, type Transfer } from './work.ts'

/** Between two looks at the clock. */
const PER_BATCH = 64

export class OneByOne {
  private readonly file: string
  private readonly transfer: (transfer: Transfer) => PromiseLike<Receipt>
  private done = 0

  constructor(file: string, transfer: (transfer: Transfer) => PromiseLike<Receipt>) {
    this.file = file
    this.transfer = transfer
  }

  /**
   * @returns transfers a second.
   * @throws Error if a receipt, or the number of transfers in the file, is wrong.
   */
  async measure(seconds: number): Promise<number> {
    const ns = await nsPerOperation(seconds, async () => {
      for (let n = 0; n < PER_BATCH; n++) await this.next()
      return PER_BATCH
    })
    const written = this.written()
    if (written !== this.done) throw new Error(`${written} transfers in the file, of ${this.done}`)
    return 1e9 / ns
  }

  private async next(): Promise<void> {
    this.done += 1
    const { done } = this
    // A stride that comes to all accounts in turn: of the first that is done with each, the balance is known.
    const from = 1 + ((done * 7_919) % ACCOUNTS)
    const to = 1 + (from % ACCOUNTS)
    const id = `0001-${String(done).padStart(9, '0')}`
    const receipt = await this.transfer({ id, from, to, amount: 1 + (done % AMOUNT_MAX) })
    if (receipt.id !== id || !(receipt.balance > 0))
      throw new Error(`wrong receipt ${JSON.stringify(receipt)}`)
  }

  private written(): number {
    const database = new Database(this.file, { readonly: true })
    try {
      return (database.prepare('select count(*) as n from transfers').get() as { n: number }).n
    } finally {
      database.close()
    }
  }
}
