/**
 * Is a history serialisable? Every account has a version, which each transaction that writes it counts up; a transaction tells
 * which versions it has read and written. So who wrote what, and in which order, is known, and with that Adya's direct
 * serialisation graph: it has an edge from whoever wrote a version to who wrote the next (ww), to who read it (wr), and from who
 * read it to who wrote the next (rw). A history is serialisable if the graph has no circle (Adya, Liskov and O'Neil, "Generalized
 * Isolation Level Definitions", ICDE 2000: PL-3).
 *
 * With real time one more edge: from what had settled to what was only then asked for. Without a circle then it is strictly
 * serialisable.
 */

export interface Access {
  readonly account: number
  readonly version: number
}

/** A transaction that was committed. */
export interface Done {
  readonly name: string
  readonly reads: readonly Access[]
  readonly writes: readonly Access[]
  /** Places in one order of all events: when it was asked for, and when it had settled. */
  readonly askedAt: number
  readonly settledAt: number
}

/** @returns the names around a circle; undefined where the history is serialisable. */
export function circleIn(history: readonly Done[], isStrict: boolean): readonly string[] | undefined {
  const writers = new Map<string, Done>()
  for (const done of history) {
    for (const { account, version } of done.writes) {
      const key = `${account}@${version}`
      const other = writers.get(key)
      // Two that wrote the same version: one has lost an update.
      if (other !== undefined) return [other.name, done.name]
      writers.set(key, done)
    }
  }
  const edges = new Map<Done, Set<Done>>(history.map((done) => [done, new Set()]))
  const add = (from: Done | undefined, to: Done | undefined) => {
    if (from !== undefined && to !== undefined && from !== to) edges.get(from)?.add(to)
  }
  const writerOf = (account: number, version: number) => writers.get(`${account}@${version}`)
  for (const done of history) {
    for (const { account, version } of done.writes) add(writerOf(account, version - 1), done)
    for (const { account, version } of done.reads) {
      add(writerOf(account, version), done)
      add(done, writerOf(account, version + 1))
    }
  }
  if (isStrict) {
    for (const before of history) {
      for (const after of history) if (before.settledAt < after.askedAt) add(before, after)
    }
  }
  return circle(edges)
}

function circle(edges: ReadonlyMap<Done, ReadonlySet<Done>>): readonly string[] | undefined {
  const finished = new Set<Done>()
  for (const start of edges.keys()) {
    if (finished.has(start)) continue
    const path: Done[] = []
    const onPath = new Set<Done>()
    const work: { readonly done: Done; readonly next: Iterator<Done> }[] = []
    const enter = (done: Done) => {
      path.push(done)
      onPath.add(done)
      work.push({ done, next: (edges.get(done) as ReadonlySet<Done>).values() })
    }
    enter(start)
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { value: to, done: isOver } = top.next.next()
      if (isOver === true) {
        work.pop()
        path.pop()
        onPath.delete(top.done)
        finished.add(top.done)
      } else if (onPath.has(to)) {
        return path.slice(path.indexOf(to)).map(({ name }) => name)
      } else if (!finished.has(to)) {
        enter(to)
      }
    }
  }
  return undefined
}
