/** The face of transfers.mjs, which runs on greenroom's threads. */
import type { TransactionDefinition } from '../../actors/transaction/index.ts'
import type { Receipt, Transfer } from './work.ts'

export interface Transfers {
  readonly transfer: TransactionDefinition<Transfer, Receipt>
  readonly nothing: TransactionDefinition<undefined, void>
}

export const transfersModule = new URL('./transfers.mjs', import.meta.url)
