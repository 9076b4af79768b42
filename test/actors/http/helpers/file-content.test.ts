/** The bytes of a file: those that were looked at, all that were announced, and no handle left. */
import { mkdtempSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { FileContent } from '../../../../actors/http/helpers/file-content.ts'

function inFolder(
  body: (t: ExecutionContext, path: (name: string, content: string) => string) => Promise<void>,
) {
  return async (t: ExecutionContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-content-'))
    await body(t, (name, content) => {
      const path = join(folder, name)
      writeFileSync(path, content)
      utimesSync(path, 1_000, 1_000)
      return path
    })
    rmSync(folder, { recursive: true })
  }
}

test(
  'a file that has come into the place of another is not sent under the other’s name',
  inFolder(async (t, path) => {
    const seen = statSync(path('seen.txt', 'one'))
    t.is(await FileContent.open(path('other.txt', 'three'), '/seen.txt', seen, 0, 3), undefined)
  }),
)

test(
  'nor is one that is gone',
  inFolder(async (t, path) => {
    const name = path('seen.txt', 'one')
    const seen = statSync(name)
    rmSync(name)
    t.is(await FileContent.open(name, '/seen.txt', seen, 0, 3), undefined)
  }),
)

test(
  'a file that has grown since is still the same; so is a copy of which nothing else is said',
  inFolder(async (t, path) => {
    const name = path('seen.txt', 'one')
    const seen = statSync(name)
    writeFileSync(name, 'one and more')
    const grown = await FileContent.open(name, '/seen.txt', seen, 0, 3)
    t.is((await grown?.whole())?.toString(), 'one')
    const copied = await FileContent.open(path('copy.txt', 'two'), '/seen.txt', seen, 0, 3)
    t.is((await copied?.whole())?.toString(), 'two')
  }),
)

test(
  'a file that has become too short is no whole',
  inFolder(async (t, path) => {
    const name = path('seen.txt', 'one')
    const content = await FileContent.open(name, '/seen.txt', statSync(name), 0, 3)
    truncateSync(name, 2)
    t.is(await content?.whole(), undefined)
  }),
)

test(
  'pieces begin where they should and end when they should, once',
  inFolder(async (t, path) => {
    const name = path('seen.txt', 'x'.repeat(100_000) + 'y'.repeat(100_000))
    const content = await FileContent.open(name, '/seen.txt', statSync(name), 99_999, 100_000)
    const lengths: number[] = []
    let text = ''
    for await (const piece of content as FileContent) {
      lengths.push(piece.length)
      text += String(piece)
    }
    t.deepEqual(lengths, [65_536, 34_464])
    t.is(text, `x${'y'.repeat(99_999)}`)
    t.true((await content?.next())?.done)
  }),
)

test(
  'a piece that is being read when the reader leaves is dropped, and none follows',
  inFolder(async (t, path) => {
    const name = path('seen.txt', 'x'.repeat(200_000))
    const content = (await FileContent.open(name, '/seen.txt', statSync(name), 0, 200_000)) as FileContent
    const reading = content.next()
    await content.return()
    await reading
    t.true((await content.next()).done)
    t.true((await content.return()).done)
  }),
)
