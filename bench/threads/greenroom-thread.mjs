/** greenroom's thread: the same work, as the handler of an actor. JavaScript, and from the build, as the other side is. */
import { behaviour } from '../../dist/runtime/index.js'
import { add } from './adder.mjs'

export const adder = behaviour({
  initial: 'adding',
  states: { adding: { add: (_, /** @type {{ type: 'add', n: number }} */ event) => add(event) } },
})
