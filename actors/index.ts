/** `greenroom/actors`: the actors that servers are made of. */
export * from './connection/index.ts'
export * from './http/index.ts'
export * from './line/index.ts'
export * from './session/index.ts'
export * from './stage/index.ts'
export * from './transaction/index.ts'
export * from './websocket/index.ts'
