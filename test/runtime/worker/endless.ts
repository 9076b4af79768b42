/** A module for threads that does not end by itself: a timer is open in it. */
import { behaviour } from 'greenroom'

setInterval(() => {}, 60_000)

export const clock = behaviour({ initial: 'on', states: { on: { tick: () => 'tock' } } })
