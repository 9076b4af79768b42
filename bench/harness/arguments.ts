/**
 * The command line: `<suite> [--json] [--seconds N]`. Pure: words in, a request or one clear line out.
 */

export interface Request {
  readonly suite: string
  readonly isJson: boolean
  /** Undefined: the suite's own default. */
  readonly seconds: number | undefined
}

/** What the user got wrong, in one line that names what there is. */
export class ArgumentsError extends Error {}

/** More than an hour for each row is a slip of the finger. */
const SECONDS_MAX = 3_600

/** @param suites - the names of the suites that there are. @throws ArgumentsError */
export function parseArguments(words: readonly string[], suites: readonly string[]): Request {
  let suite: string | undefined
  let isJson = false
  let seconds: number | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (word === '--json') isJson = true
    else if (word === '--seconds') seconds = parseSeconds(words[++index])
    else if (word.startsWith('--seconds=')) seconds = parseSeconds(word.slice('--seconds='.length))
    else if (word.startsWith('-')) {
      throw new ArgumentsError(`unknown option "${word}"; there are: --json, --seconds N`)
    } else if (suite === undefined) suite = parseSuite(word, suites)
    else throw new ArgumentsError(`one suite at a time: "${suite}" or "${word}"`)
  }
  if (suite === undefined) throw new ArgumentsError(`name a suite; there are: ${suites.join(', ')}`)
  return { suite, isJson, seconds }
}

function parseSuite(word: string, suites: readonly string[]): string {
  if (suites.includes(word)) return word
  throw new ArgumentsError(`unknown suite "${word}"; there are: ${suites.join(', ')}`)
}

function parseSeconds(word: string | undefined): number {
  const seconds = Number(word?.trim() || Number.NaN)
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds
  const seen = word === undefined ? 'nothing' : `"${word}"`
  throw new ArgumentsError(`--seconds wants a number above 0 and at most ${SECONDS_MAX}, not ${seen}`)
}
