/** All transactions of the one database that the examples share: the module that its threads import. */
export * from './chat/messages.ts'
export * from './web/ledger.ts'
