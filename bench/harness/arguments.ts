/**
 * The command line: `<suite> [trial...] [--json] [--plot] [--seconds N]`. Pure: words in, a request or one clear line out.
 */

export interface Request {
  readonly suite: string
  /** The trials that were named; empty: all of the suite. */
  readonly trials: readonly string[]
  readonly isJson: boolean
  /** The suite's picture is drawn anew. */
  readonly isPlot: boolean
  /** Undefined: the suite's own default. */
  readonly seconds: number | undefined
}

/** What there is to be asked for. */
export interface Choice {
  readonly name: string
  readonly trials: readonly { readonly name: string }[]
  /** What `--plot` draws, if anything. */
  readonly plot?: unknown
}

/** What the user got wrong, in one line that names what there is. */
export class ArgumentsError extends Error {}

/** More than an hour for each row is a slip of the finger. */
const SECONDS_MAX = 3_600

/** @throws ArgumentsError */
export function parseArguments(words: readonly string[], suites: readonly Choice[]): Request {
  const names: string[] = []
  let isJson = false
  let isPlot = false
  let seconds: number | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (word === '--json') isJson = true
    else if (word === '--plot') isPlot = true
    else if (word === '--seconds') seconds = parseSeconds(words[++index])
    else if (word.startsWith('--seconds=')) seconds = parseSeconds(word.slice('--seconds='.length))
    else if (word.startsWith('-')) {
      throw new ArgumentsError(`unknown option "${word}"; there are: --json, --plot, --seconds N`)
    } else names.push(word)
  }
  const [suite, ...trials] = names
  if (suite === undefined) throw new ArgumentsError(`name a suite; there are: ${listed(suites)}`)
  const chosen = suiteNamed(suite, suites)
  checkTrials(trials, chosen)
  if (isPlot && chosen.plot === undefined) throw new ArgumentsError(`--plot: ${suite} has no picture`)
  return { suite, trials, isJson, isPlot, seconds }
}

function suiteNamed(name: string, suites: readonly Choice[]): Choice {
  const suite = suites.find((candidate) => candidate.name === name)
  if (suite !== undefined) return suite
  throw new ArgumentsError(`unknown suite "${name}"; there are: ${listed(suites)}`)
}

function checkTrials(names: readonly string[], suite: Choice): void {
  for (const name of names) {
    if (suite.trials.some((trial) => trial.name === name)) continue
    throw new ArgumentsError(`unknown trial "${name}" of ${suite.name}; there are: ${listed(suite.trials)}`)
  }
}

function listed(choices: readonly { readonly name: string }[]): string {
  return choices.map(({ name }) => name).join(', ')
}

function parseSeconds(word: string | undefined): number {
  const seconds = Number(word?.trim() || Number.NaN)
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds
  const seen = word === undefined ? 'nothing' : `"${word}"`
  throw new ArgumentsError(`--seconds wants a number above 0 and at most ${SECONDS_MAX}, not ${seen}`)
}
