/**
 * Keys under which a context holds things.
 *
 * A key is its own identity: two keys of one name are two keys. Its type parameter says what is found under it, and
 * `Context<typeof Database>` says that a context holds it. Two keys of the same type look alike to the compiler; give
 * the second parameter where that matters: `key<string, 'tenant'>('tenant')`.
 */
import { describe, UsageError } from '../errors.ts'

/** How a value crosses a thread or a process. `decode` gets what the peer sent: it must check it, and throw if unfit. */
export interface Codec<T> {
  encode(value: T): string
  decode(text: string): T
}

export interface KeyOptions<T> {
  /** Makes the key portable: with it, and only with it, the value crosses a wire. */
  readonly codec?: Codec<T>
}

export class Key<in out T, out Name extends string = string> {
  readonly name: Name
  /** Present on portable keys alone. */
  readonly codec: Codec<T> | undefined
  /** Makes the type invariant in `T`; never there at run time. */
  declare protected readonly held: (value: T) => T

  constructor(name: Name, options: KeyOptions<T> = {}) {
    if (name === '')
      throw new UsageError(
        'KEY_NAME_EMPTY',
        'a context key needs a name, for its error messages and the wire',
      )
    this.name = name
    this.codec = options.codec
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a Key is invariant, so only `any` accepts every key
export type AnyKey = Key<any>

/** Declares a key: `const Database = key<Database>('database')`. Local, unless a codec makes it portable. */
export function key<T, Name extends string = string>(name: Name, options?: KeyOptions<T>): Key<T, Name> {
  return new Key<T, Name>(name, options)
}

/**
 * A codec by JSON, for values that are plain data. `check` turns what arrived into a `T`, or throws. What JSON cannot
 * say, `undefined` for one, is refused where it is encoded: UsageError (`CODEC_NOT_JSON`).
 */
export function jsonCodec<T>(check: (value: unknown) => T): Codec<T> {
  return {
    encode(value) {
      const text: string | undefined = JSON.stringify(value)
      if (text === undefined)
        throw new UsageError('CODEC_NOT_JSON', `JSON has no word for ${describe(value)}`)
      return text
    },
    decode: (text) => check(JSON.parse(text)),
  }
}
