/** The same actors at home and on threads, and laws that hold for both. */
import test, { type ExecutionContext } from 'ava'
import { onThread, threadModule } from 'greenroom'
import { citizen, counted, doubled, drainer, light, stillborn } from './citizens.ts'
import { atHome, type Home } from './home.ts'

export const citizens = threadModule<typeof import('./citizens.ts')>(
  new URL('./citizens.ts', import.meta.url),
)

const here = { citizen, counted, doubled, drainer, light, stillborn }

export type Logics = typeof here

const there = Object.fromEntries(
  Object.keys(here).map((name) => [name, onThread(citizens, name as keyof Logics)]),
) as unknown as Logics

type Body = (t: ExecutionContext, home: Home, logics: Logics) => Promise<void>

/** Says the same of both sides. */
export function law(what: string, body: Body): void {
  test.serial(
    `at home: ${what}`,
    atHome((t, home) => body(t, home, here)),
  )
  test.serial(
    `on a thread: ${what}`,
    atHome((t, home) => body(t, home, there)),
  )
}
