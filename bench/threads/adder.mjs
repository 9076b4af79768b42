/**
 * The work of every thread in this suite: so little that what is measured is the crossing. JavaScript, since not every
 * peer can load TypeScript on a thread.
 */

/** @param {{ type: 'add', n: number }} event */
export function add({ n }) {
  return n + 1
}

export default add
