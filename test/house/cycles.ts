/** Finds circular imports. Types count as well: a circle of types is a circle of concepts. */

/**
 * One cycle for each group of files that reach each other (a strongly connected component of more than one file, or a
 * file that imports itself), by Tarjan's algorithm.
 *
 * @param edges - what each file imports. Targets that are no key are ignored.
 * @returns cycles, each from its alphabetically first file along a shortest way back to it.
 */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const indexOf = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []

  const visit = (file: string): void => {
    const index = indexOf.size
    indexOf.set(file, index)
    lowest.set(file, index)
    stack.push(file)
    for (const next of edges.get(file) ?? []) {
      if (!edges.has(next)) continue
      if (!indexOf.has(next)) {
        visit(next)
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!))
      } else if (stack.includes(next)) {
        lowest.set(file, Math.min(lowest.get(file)!, indexOf.get(next)!))
      }
    }
    if (lowest.get(file) !== index) return
    const group = stack.splice(stack.indexOf(file)).sort()
    if (group.length > 1 || edges.get(file)?.includes(file)) cycles.push(shortestCycle(group, edges))
  }

  for (const file of edges.keys()) {
    if (!indexOf.has(file)) visit(file)
  }
  return cycles
}

/** Breadth first from the group's first file back to it, inside the group. */
function shortestCycle(group: readonly string[], edges: ReadonlyMap<string, readonly string[]>): string[] {
  const start = group[0]!
  const members = new Set(group)
  const seen = new Set<string>()
  let paths: string[][] = [[start]]
  while (paths.length > 0) {
    const longer: string[][] = []
    for (const path of paths) {
      for (const next of edges.get(path.at(-1)!) ?? []) {
        if (next === start) return path
        if (!members.has(next) || seen.has(next)) continue
        seen.add(next)
        longer.push([...path, next])
      }
    }
    paths = longer
  }
  return [start]
}
