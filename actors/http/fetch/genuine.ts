/**
 * The platform's own `Request` and `Response`: those that its `fetch` knows by their private fields, below whatever has
 * been put over them since.
 *
 * Two copies of this package may live in one process, of different versions. What they must know of each other is said
 * here, under registered symbols: it cannot change.
 */

/** On a global that was put over another: the genuine one. That it is there says that lazy requests are understood. */
export const genuineBelow: unique symbol = Symbol.for('greenroom.fetch.genuineBelow')

/** On a lazy request: a function that gives a genuine one to the platform, which knows no other. */
export const toGenuine: unique symbol = Symbol.for('greenroom.fetch.toGenuine')

export interface Genuine {
  readonly Request: typeof Request
  readonly Response: typeof Response
}

/** Looked for once, when somebody first wants it: importing this must not load what Node loads on demand. */
let found: Genuine | undefined

export function genuine(): Genuine {
  found ??= { Request: lowest(globalThis.Request), Response: lowest(globalThis.Response) }
  return found
}

/** Whoever replaces a class extends it, so that `instanceof` goes on working; the genuine one extends nothing. */
function lowest<C extends object>(top: C): C {
  let at = top
  for (;;) {
    const marked = (at as { [genuineBelow]?: C })[genuineBelow]
    const below: unknown = marked ?? Object.getPrototypeOf(at)
    if (typeof below !== 'function' || below === Function.prototype) return at
    at = below as C
  }
}

/** The ways in which a body can be read as a whole. */
export type Reading = 'arrayBuffer' | 'blob' | 'bytes' | 'formData' | 'json' | 'text'

/** Has the platform read a body, which knows all there is to know of types and forms. `type` is its content type. */
export async function readGenuine(
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  how: Reading,
  type: string | null,
): Promise<unknown> {
  const { Response } = genuine()
  const response = new Response(body, type === null ? {} : { headers: { 'content-type': type } })
  return (response as unknown as Record<Reading, () => Promise<unknown>>)[how]()
}

/**
 * Makes objects of a class pass for genuine ones: `instanceof` holds, the members are enumerable as the platform's are,
 * and those that the class does not know have the value that they have in `blank`.
 */
export function passAs(ours: { prototype: object }, like: { prototype: object }, blank: object): void {
  const own = ours.prototype
  Object.setPrototypeOf(own, like.prototype)
  Reflect.deleteProperty(own, 'constructor')
  for (const name of Object.getOwnPropertyNames(own)) Object.defineProperty(own, name, { enumerable: true })
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(like.prototype))) {
    if (get === undefined || Object.hasOwn(own, name)) continue
    Object.defineProperty(own, name, { get: () => get.call(blank), enumerable: true, configurable: true })
  }
}
