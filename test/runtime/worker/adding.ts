/** TypeScript that a module in JavaScript imports. */
export function add(a: number, b: number): number {
  return a + b
}
