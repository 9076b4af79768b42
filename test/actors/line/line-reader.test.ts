/** Guards: what a line is, whatever its end and however it is cut; and that what is none is refused as soon as that is known. */
import test from 'ava'
import { bytesOf, everyCut, progress, read } from './reading.ts'

const texts: readonly [title: string, bytes: string, lines: readonly string[]][] = [
  ['nothing', '', []],
  ['a line that ends in LF', 'hello\n', ['hello']],
  ['a line that ends in CRLF', 'hello\r\n', ['hello']],
  ['both ends, one after the other', 'a\r\nb\nc\r\n', ['a', 'b', 'c']],
  ['empty lines', '\n\r\n\n', ['', '', '']],
  ['a CR within a line, and two before its end', 'a\rb\r\r\n', ['a\rb\r']],
  ['a last line without an end', 'a\nb', ['a', 'b']],
  ['a last line that ends in CR alone', 'a\nb\r', ['a', 'b\r']],
  ['nothing behind the last end', 'a\n', ['a']],
  ['characters of two, three and four bytes', text('é€𝄞\né€𝄞\n'), ['é€𝄞', 'é€𝄞']],
  ['a mark of byte order, and zeros', text('\ufeffa\0b\n'), ['\ufeffa\0b']],
]

for (const [title, bytes, lines] of texts) {
  test(`${title}: the same lines in every cut`, (t) => {
    for (const pieces of everyCut(bytesOf(bytes))) t.deepEqual(read(pieces), { lines, verdict: 'end' })
  })
}

const invalid: readonly [title: string, bytes: string][] = [
  ['a byte that goes on with nothing', '\x80'],
  ['two bytes cut short', 'a\xc3'],
  ['three bytes cut short', 'a\xe2\x82'],
  ['four bytes cut short', '\xf0\x9d\x84'],
  ['four bytes cut short within a line', '\xf0\x9d\x84b'],
  ['an overlong slash', '\xc0\xaf'],
  ['an overlong NUL of three bytes', '\xe0\x80\x80'],
  ['a surrogate', '\xed\xa0\x80'],
  ['a pair of surrogates', '\xed\xa0\xbd\xed\xb8\x80'],
  ['more than Unicode has', '\xf4\x90\x80\x80'],
  ['a byte that UTF-8 never has', '\xfe'],
]

for (const [title, bytes] of invalid) {
  for (const end of ['\n', '\r\n', '']) {
    test(`${title} before ${JSON.stringify(end)} is refused in every cut, and not what came before`, (t) => {
      for (const pieces of everyCut(bytesOf(`fine\n${bytes}${end}`))) {
        t.deepEqual(read(pieces), { lines: ['fine'], verdict: 'LINE_NOT_UTF8' })
      }
    })
  }
}

const MAX = 8
const longest: readonly [title: string, bytes: string, lines: readonly string[], verdict: string][] = [
  ['as long as it may be', '12345678\n', ['12345678'], 'end'],
  ['as long as it may be, with CR', '12345678\r\n', ['12345678'], 'end'],
  ['as long as it may be, without an end', '12345678', ['12345678'], 'end'],
  ['as long as it may be in bytes', `${text('€€é')}\n`, ['€€é'], 'end'],
  ['a byte too long', '123456789\n', [], 'LINE_TOO_LONG'],
  ['a byte too long, with CR', '123456789\r\n', [], 'LINE_TOO_LONG'],
  ['a byte too long, without an end', '123456789', [], 'LINE_TOO_LONG'],
  ['a byte too long, which is a CR before CRLF', '12345678\r\r\n', [], 'LINE_TOO_LONG'],
  ['a byte too long, which is a CR at the very end', '12345678\r', [], 'LINE_TOO_LONG'],
  ['a byte too long in bytes', `${text('€€€')}\n`, [], 'LINE_TOO_LONG'],
  ['too long after one that is not', 'a\n123456789', ['a'], 'LINE_TOO_LONG'],
]

for (const [title, bytes, lines, verdict] of longest) {
  test(`a line ${title}: the same in every cut`, (t) => {
    for (const pieces of everyCut(bytesOf(bytes))) t.deepEqual(read(pieces, MAX), { lines, verdict })
  })
}

const refusals: readonly [title: string, bytes: string, after: number][] = [
  ['with the byte that is too many', 'x'.repeat(100), MAX + 1],
  ['or, where that may still be its end, with the next', `${'x'.repeat(MAX)}\r${'x'.repeat(100)}`, MAX + 2],
  ['also behind other lines', `a\nb\n${'x'.repeat(100)}`, 4 + MAX + 1],
]

for (const [title, bytes, after] of refusals) {
  test(`what is too long is refused as soon as that is known: ${title}`, (t) => {
    const singles = Array.from(bytesOf(bytes), (byte) => Buffer.of(byte))
    const { verdict, bytes: seen } = progress(singles, MAX)
    t.deepEqual([verdict, seen], ['LINE_TOO_LONG', after])
  })
}

test('a line of one byte at most', (t) => {
  for (const pieces of everyCut(bytesOf('a\r\n\nb'))) {
    t.deepEqual(read(pieces, 1), { lines: ['a', '', 'b'], verdict: 'end' })
  }
})

/** As its bytes, one a character. */
function text(utf8: string): string {
  return Buffer.from(utf8).toString('latin1')
}
