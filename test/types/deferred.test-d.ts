/** Law: the types of deferreds say what comes out of them. Compiled by `npm run check`, never run. */
import { all, race } from '../../runtime/deferred/combinators.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { holds, type Same } from './same.ts'

declare const number: Deferred<number>
declare const text: Deferred<string>
declare const nothing: Deferred<void>

// Awaiting and handlers.
export async function awaited() {
  const value = await number
  holds<Same<typeof value, number>>()
  const nested = await Deferred.of(Promise.resolve(text))
  holds<Same<typeof nested, string>>()
}

const mapped = number.then((n) => `${n}`)
holds<Same<typeof mapped, Deferred<string>>>()
const flattened = number.then(() => text)
holds<Same<typeof flattened, Deferred<string>>>()
const recovered = number.catch(() => 'none')
holds<Same<typeof recovered, Deferred<number | string>>>()
const both = number.then(
  () => true as const,
  () => null,
)
holds<Same<typeof both, Deferred<true | null>>>()
const cleaned = number.finally(() => nothing)
holds<Same<typeof cleaned, Deferred<number>>>()

number.catch((error) => {
  holds<Same<typeof error, unknown>>()
})

// Making.
const fulfilled = Deferred.of(5)
holds<Same<typeof fulfilled, Deferred<number>>>()
const failed = Deferred.fail(new Error())
holds<Same<typeof failed, Deferred<never>>>()
const followed = Deferred.from(Promise.resolve('text'))
holds<Same<typeof followed, Deferred<string>>>()
export const union: Deferred<number | string> = Deferred.from<number | string>(number)

// Settling.
new Deferred<number>().resolve(5)
new Deferred<number>().resolve(number)
new Deferred<number>().resolve(Promise.resolve(5))
new Deferred<void>().resolve()
// @ts-expect-error: a number is promised, not a text
new Deferred<number>().resolve('five')
// @ts-expect-error: a deferred of text does not give the number
new Deferred<number>().resolve(text)
// @ts-expect-error: a value is promised, nothing is not one
new Deferred<number>().resolve()

// A deferred goes wherever a promise-like goes, and is not a native promise.
export const promiseLike: PromiseLike<number> = number
export const native: Promise<number> = Promise.resolve(number)

// Taken together: tuples keep their places, arrays their elements.
const tuple = all([number, text, Promise.resolve(true), 5n])
holds<Same<Awaited<typeof tuple>, [number, string, boolean, 5n]>>()
const array = all([] as Deferred<number>[])
holds<Same<Awaited<typeof array>, number[]>>()
const empty = all([])
holds<Same<Awaited<typeof empty>, []>>()
const winner = race([number, text])
holds<Same<typeof winner, Deferred<number | string>>>()
const oneOfMany = race([] as Deferred<number>[])
holds<Same<typeof oneOfMany, Deferred<number>>>()
