/**
 * Laws: contenders take turns within a round, the warm-up counts for nothing, a trial is between those that it names,
 * the report has the shape that programs rely on, and whatever happens every contender is ended.
 */

import test from 'ava'
import { toTable } from '../../bench/harness/report.ts'
import { runSuite } from '../../bench/harness/rounds.ts'
import type { Contender, Suite, Trial } from '../../bench/harness/suite.ts'

const speed: Trial = {
  name: 'speed',
  figures: [
    { what: 'speed', unit: 'requests/s', better: 'higher' },
    { what: 'speed p99', unit: 'ms', better: 'lower' },
  ],
}
const size: Trial = { name: 'size', figures: [{ what: 'size', unit: 'bytes', better: 'lower' }] }

/** What happened, in order: `<who> <trial> <seconds>` and `<who> end`. */
interface Fake {
  readonly suite: Suite
  readonly events: string[]
}

type Answer = (trial: Trial, nth: number) => readonly number[]

function fake(answers: Readonly<Record<string, Answer>>, trials: readonly Trial[] = [speed, size]): Fake {
  const events: string[] = []
  const contenders = Object.entries(answers).map(([who, answer]): Contender => {
    const asked = new Map<Trial, number>()
    return {
      who,
      async measure(trial, seconds) {
        events.push(`${who} ${trial.name} ${seconds}`)
        const nth = asked.get(trial) ?? 0
        asked.set(trial, nth + 1)
        return answer(trial, nth)
      },
      async end() {
        events.push(`${who} end`)
      },
    }
  })
  return {
    events,
    suite: { name: 'fake', trials, rounds: 3, secondsDefault: 6, open: async () => contenders },
  }
}

/** Round 0 is the warm-up; an outlier there must not be seen. */
const speeds = [9_999, 100, 110, 90]
const ours: Answer = (trial, nth) => (trial === speed ? [(speeds[nth] ?? 0) * 2, 1] : [500])
const theirs: Answer = (trial, nth) => (trial === speed ? [speeds[nth] ?? 0, 4] : [250])

const silent = () => {}

test('contenders take turns in every round, after a round of warm-up, trial by trial', async (t) => {
  const { suite, events } = fake({ greenroom: ours, peer: theirs })
  await runSuite(suite, { log: silent })
  const round = (trial: string) => [`greenroom ${trial} 2`, `peer ${trial} 2`]
  const four = (trial: string) => [...round(trial), ...round(trial), ...round(trial), ...round(trial)]
  t.deepEqual(events, [...four('speed'), ...four('size'), 'greenroom end', 'peer end'])
})

test('the seconds asked for are those of all rounds together', async (t) => {
  const { suite, events } = fake({ greenroom: ours, peer: theirs }, [size])
  await runSuite(suite, { seconds: 0.75, log: silent })
  t.is(events[0], 'greenroom size 0.25')
})

test('the report is one object: suite, node, rows, ratios, remarks; the headline first; no trace of the warm-up', async (t) => {
  const report = await runSuite(fake({ greenroom: ours, peer: theirs, slow: theirs }).suite, { log: silent })
  t.deepEqual(JSON.parse(JSON.stringify(report)), {
    suite: 'fake',
    node: process.version,
    rows: [
      { trial: 'speed', name: 'greenroom speed', unit: 'requests/s', median: 200, min: 180, max: 220 },
      { trial: 'speed', name: 'peer speed', unit: 'requests/s', median: 100, min: 90, max: 110 },
      { trial: 'speed', name: 'slow speed', unit: 'requests/s', median: 100, min: 90, max: 110 },
      { trial: 'speed', name: 'greenroom speed p99', unit: 'ms', median: 1, min: 1, max: 1 },
      { trial: 'speed', name: 'peer speed p99', unit: 'ms', median: 4, min: 4, max: 4 },
      { trial: 'speed', name: 'slow speed p99', unit: 'ms', median: 4, min: 4, max: 4 },
      { trial: 'size', name: 'greenroom size', unit: 'bytes', median: 500, min: 500, max: 500 },
      { trial: 'size', name: 'peer size', unit: 'bytes', median: 250, min: 250, max: 250 },
      { trial: 'size', name: 'slow size', unit: 'bytes', median: 250, min: 250, max: 250 },
    ],
    ratios: {
      'peer speed': 2,
      'slow speed': 2,
      'peer speed p99': 4,
      'slow speed p99': 4,
      'peer size': 0.5,
      'slow size': 0.5,
    },
    remarks: [],
  })
  t.is(Object.keys(report.ratios)[0], 'peer speed')
})

test("the table shows every row, the ratio at the end of the peer's, an empty line between trials", async (t) => {
  const table = toTable(await runSuite(fake({ greenroom: ours, peer: theirs }).suite, { log: silent }))
  t.deepEqual(table.split('\n').slice(2), [
    '                     median  min  max               ratio',
    'greenroom speed         200  180  220  requests/s',
    'peer speed              100   90  110  requests/s  2.00 x',
    'greenroom speed p99       1    1    1  ms',
    'peer speed p99            4    4    4  ms          4.00 x',
    '',
    'greenroom size          500  500  500  bytes',
    'peer size               250  250  250  bytes       0.50 x',
  ])
})

test('a trial that names its contenders is between them alone, and the first of them is ours', async (t) => {
  const between: Trial = { ...size, between: ['slow', 'peer'] }
  const { suite, events } = fake({ greenroom: ours, peer: theirs, slow: () => [1_000] }, [between])
  const { rows, ratios } = await runSuite(suite, { log: silent })
  t.deepEqual(events.slice(0, 3), ['slow size 2', 'peer size 2', 'slow size 2'])
  t.deepEqual(
    rows.map(({ name }) => name),
    ['slow size', 'peer size'],
  )
  t.deepEqual(ratios, { 'peer size': 0.25 })
  t.deepEqual(events.slice(-3), ['greenroom end', 'peer end', 'slow end'])
})

test('a trial that names a contender that is not there fails the run', async (t) => {
  const { suite, events } = fake({ greenroom: ours }, [{ ...size, between: ['greenroom', 'grenroom'] }])
  await t.throwsAsync(runSuite(suite, { log: silent }), { message: 'size: there is no contender "grenroom"' })
  t.deepEqual(events, ['greenroom end'])
})

test('a trial may have rounds of its own, as long as those of the others', async (t) => {
  const { suite, events } = fake({ greenroom: ours }, [{ ...size, rounds: 1 }, speed])
  await runSuite(suite, { log: silent })
  t.deepEqual(events.slice(0, 3), ['greenroom size 2', 'greenroom size 2', 'greenroom speed 2'])
})

test('the trials that are named are run, in the order of the suite, and only they are opened', async (t) => {
  const { suite, events } = fake({ greenroom: ours }, [speed, size, { ...size, name: 'other' }])
  const opened: string[] = []
  const open: Suite['open'] = (log, trials) => {
    opened.push(...trials.map(({ name }) => name))
    return suite.open(log, trials)
  }
  const { rows } = await runSuite({ ...suite, open }, { trials: ['size', 'speed'], log: silent })
  t.deepEqual(opened, ['speed', 'size'])
  t.deepEqual([...new Set(rows.map(({ trial }) => trial))], ['speed', 'size'])
  t.false(events.some((event) => event.includes('other')))
})

test('what a contender remarks on a trial is logged, and stands in the report and below the table', async (t) => {
  const { suite } = fake({ greenroom: ours, peer: theirs })
  const open: Suite['open'] = async (log, trials) => {
    const [first, second] = (await suite.open(log, trials)) as [Contender, Contender]
    return [first, { ...second, remark: ({ name }) => (name === 'size' ? 'was asleep' : undefined) }]
  }
  const lines: string[] = []
  const report = await runSuite({ ...suite, open }, { log: (line) => lines.push(line) })
  t.deepEqual(report.remarks, ['size: peer: was asleep'])
  t.is(lines.at(-1), 'size: peer: was asleep')
  t.deepEqual(toTable(report).split('\n').slice(-2), ['', 'size: peer: was asleep'])
})

test('progress is told while the suite runs, the warm-up marked', async (t) => {
  const lines: string[] = []
  await runSuite(fake({ greenroom: ours }, [size]).suite, { log: (line) => lines.push(line) })
  t.is(lines[0], 'size warm-up: greenroom: size 500 bytes')
  t.is(lines[3], 'size round 3/3: greenroom: size 500 bytes')
})

for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a contender that reports ${value} fails the run instead of entering a median`, async (t) => {
    const { suite } = fake({ greenroom: () => [value] }, [size])
    await t.throwsAsync(runSuite(suite, { log: silent }), { message: /size must be a positive number/ })
  })
}

test('a count may be 0 where its figure says so, and then has no ratio', async (t) => {
  const lost: Trial = {
    name: 'lost',
    figures: [{ what: 'lost', unit: '1/s', better: 'lower', mayBeZero: true }],
  }
  const { suite } = fake({ greenroom: () => [0], peer: () => [5] }, [lost])
  const { rows, ratios } = await runSuite(suite, { log: silent })
  t.deepEqual(
    rows.map(({ median }) => median),
    [0, 5],
  )
  t.deepEqual(ratios, {})
})

test('a figure that is not compared has rows and no ratio', async (t) => {
  const told: Trial = { name: 'told', figures: [{ ...size.figures[0]!, isCompared: false }] }
  const { rows, ratios } = await runSuite(fake({ greenroom: ours, peer: theirs }, [told]).suite, {
    log: silent,
  })
  t.is(rows.length, 2)
  t.deepEqual(ratios, {})
})

test('a contender that is skipped is asked nothing, and its rows say why, in the table too', async (t) => {
  for (const skippedOnes of [['peer'], ['greenroom', 'peer']]) {
    const { suite, events } = fake({ greenroom: ours, peer: theirs })
    const open = async () =>
      (await suite.open(silent, [])).map((contender) =>
        skippedOnes.includes(contender.who) ? { ...contender, skipped: 'not here' } : contender,
      )
    const report = await runSuite({ ...suite, open }, { trials: ['speed'], log: silent })
    t.false(events.some((event) => skippedOnes.some((who) => event.startsWith(`${who} speed`))))
    t.true(events.includes('peer end'))
    t.deepEqual(
      report.rows.filter(({ name }) => name === 'peer speed'),
      [
        {
          trial: 'speed',
          name: 'peer speed',
          unit: 'requests/s',
          median: null,
          min: null,
          max: null,
          skipped: 'not here',
        },
      ],
    )
    t.deepEqual(report.ratios, {})
    t.regex(toTable(report), /^peer speed +skipped: not here$/m)
  }
})

test('contenders that warm up by themselves have no round of warm-up', async (t) => {
  const { suite, events } = fake({ greenroom: () => [1] }, [size])
  const { rows } = await runSuite({ ...suite, isWarm: true }, { log: silent })
  t.is(events.filter((event) => event.startsWith('greenroom size')).length, 3)
  t.is(rows[0]?.median, 1)
})

test('when one contender fails all are ended', async (t) => {
  const fails: Answer = () => {
    throw new Error('broken')
  }
  const { suite, events } = fake({ greenroom: ours, peer: fails }, [size])
  await t.throwsAsync(runSuite(suite, { log: silent }), { message: 'broken' })
  t.deepEqual(events.slice(-2), ['greenroom end', 'peer end'])
})
