import { sum } from './incidents.ts'
import type { PollCounts } from './one-arm.ts'

/** Fewer minutes with traffic say nothing about how they vary. */
export const leastMinutes = 10
/** minutes of a longer burst, and how many such stretches it takes */
const longBurst = { minutes: 5, least: 6 }
/**
 * Bad ones that have to be expected in a cell. With fewer, Pearson's chi-squared is not what its name says: two bad ones in a
 * minute that has two requests would weigh as much as an hour.
 */
const leastExpected = 0.5
/** No burst is taken for a greater coefficient of variation of the share than this: above that, it is an incident. */
const greatestVariation = 1

/**
 * How much more the shares vary than chance would have it, from minute to minute or in longer stretches, whichever is more: a burst of
 * some minutes is hardly seen between one of them and the next. Of the few long stretches, what chance alone often brings does not
 * count. Undefined where too little is known.
 * @param isSure what chance alone often brings does not count from minute to minute either
 */
export function excessOf(
  minutes: readonly PollCounts[],
  { isSure = false }: { readonly isSure?: boolean } = {},
): number | undefined {
  const busy = minutes.filter(({ of }) => of > 0)
  const total = sum(busy)
  if (busy.length < leastMinutes || !(total.bad > 0 && total.bad < total.of)) return undefined
  const short = pearson(cellsOf(minutes, total), total, 2)
  if (short === undefined) return undefined
  const long = pearson(cellsOf(stretchesOf(minutes), total), total, longBurst.least)
  const fromMinutes = bounded(short.ratio - 1 - (isSure ? Math.sqrt(2 / short.degrees) : 0), short)
  if (long === undefined) return fromMinutes
  return Math.max(fromMinutes, bounded(long.ratio - 1 - Math.sqrt(2 / long.degrees), long))
}

interface Pearson {
  /** chi-squared over its degrees of freedom, which is about 1 where shares vary by chance */
  readonly ratio: number
  readonly degrees: number
  /** bad ones that are expected in a cell */
  readonly expected: number
}

function pearson(cells: readonly PollCounts[], total: PollCounts, least: number): Pearson | undefined {
  if (cells.length < least) return undefined
  const share = total.bad / total.of
  let chiSquared = 0
  for (const { bad, of } of cells) chiSquared += (bad - of * share) ** 2 / (of * share * (1 - share))
  const degrees = cells.length - 1
  return { ratio: chiSquared / degrees, degrees, expected: total.bad / cells.length }
}

/** The excess of bursts grows with what is counted in them: it is their squared coefficient of variation, times that. */
function bounded(excess: number, { expected }: Pearson): number {
  return Math.min(excess, greatestVariation ** 2 * expected)
}

/** Neighbours together until enough is expected in each; what is left at the end goes to the last. */
function cellsOf(stretches: readonly PollCounts[], total: PollCounts): readonly PollCounts[] {
  const least = (leastExpected * total.of) / total.bad
  const cells: PollCounts[] = []
  let open: PollCounts = { bad: 0, of: 0 }
  for (const { bad, of } of stretches) {
    open = { bad: open.bad + bad, of: open.of + of }
    if (open.of < least) continue
    cells.push(open)
    open = { bad: 0, of: 0 }
  }
  const last = cells.pop()
  return last === undefined ? [] : [...cells, { bad: last.bad + open.bad, of: last.of + open.of }]
}

/** The minutes in stretches of five, as far as they are whole. */
function stretchesOf(minutes: readonly PollCounts[]): readonly PollCounts[] {
  const whole = Math.floor(minutes.length / longBurst.minutes)
  return Array.from({ length: whole }, (_, index) =>
    sum(minutes.slice(index * longBurst.minutes, (index + 1) * longBurst.minutes)),
  )
}
