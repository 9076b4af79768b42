/** A module for threads in TypeScript that every Node since 22.18 can run by itself. */
import { behaviour } from 'greenroom'

export const plain = behaviour({
  initial: 'on',
  states: { on: { ping: (_scope: unknown, _event: object): string => 'pong from TypeScript' } },
})
