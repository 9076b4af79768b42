/** Law: the same seed gives the same numbers, other seeds others; both sources give all of 32 bits. */
import test from 'ava'
import {
  createRandom,
  createSeededRandom,
  nextFraction,
  nextHex,
  type Random,
} from '../../../runtime/context/random.ts'

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.nextUint32())
}

test('a seed repeats its numbers, and neighbouring seeds have nothing in common', (t) => {
  t.deepEqual(draw(createSeededRandom(42), 100), draw(createSeededRandom(42), 100))
  const both = new Set([...draw(createSeededRandom(1), 1000), ...draw(createSeededRandom(2), 1000)])
  t.true(both.size > 1990)
})

for (const [name, random] of [
  ['seeded', createSeededRandom(7)],
  ['operating system', createRandom()],
] as const) {
  test(`${name}: integers of 32 bits, each bit set about half of the time`, (t) => {
    const numbers = draw(random, 4000)
    t.true(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32))
    for (let bit = 0; bit < 32; bit++) {
      const share = numbers.filter((n) => (n >>> bit) & 1).length / numbers.length
      t.true(share > 0.4 && share < 0.6, `bit ${bit} is set in ${share}`)
    }
  })

  test(`${name}: fractions from 0 to below 1, hexadecimal of the length asked for`, (t) => {
    for (let i = 0; i < 1000; i++) {
      const fraction = nextFraction(random)
      t.true(fraction >= 0 && fraction < 1)
    }
    t.regex(nextHex(random, 16), /^[0-9a-f]{32}$/)
  })
}

test('the largest draw is still below 1', (t) => {
  t.true(nextFraction({ nextUint32: () => 0xffff_ffff }) < 1)
})
