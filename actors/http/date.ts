/**
 * The date of a response, as IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
 *
 * Rules: a function of the number that a clock gave, without `Date`, so that a simulated server's output depends on its
 * simulated clock alone. A server formats at most once a second and keeps the text.
 */
const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_SECONDS = 86_400

/** @param wallMs - Unix time in milliseconds, from 1970 to the end of 9999. */
export function formatHttpDate(wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000)
  const days = Math.floor(seconds / DAY_SECONDS)
  const time = seconds - days * DAY_SECONDS
  const { year, month, day } = civilFromDays(days)
  const clock = `${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}`
  return `${DAYS[days % 7]}, ${two(day)} ${MONTHS[month]} ${String(year).padStart(4, '0')} ${clock} GMT`
}

/** Howard Hinnant's algorithm: years begin in March, so that a leap day is a year's last and months follow one formula. */
function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (fromMarch + 2) % 12
  return {
    year: era * 400 + yearOfEra + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  }
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
