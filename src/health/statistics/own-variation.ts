import type { PollCounts } from './poll-counts.ts'

/** How much the counts since the deployment varied, in constant space: cells of some polls each. */
export interface VariationCells {
  /** of the cells that are full: how many, and the sum of their bad² / of */
  readonly full: number
  readonly squares: number
  readonly inFull: PollCounts
  readonly open: PollCounts
  readonly pollsInOpen: number
}

/** A minute at the default interval: neighbouring polls are in the same burst. */
const pollsPerCell = 4
/** fewer cells say nothing about how they vary */
const leastCells = 4

export const emptyCells: VariationCells = {
  full: 0,
  squares: 0,
  inFull: { bad: 0, of: 0 },
  open: { bad: 0, of: 0 },
  pollsInOpen: 0,
}

export function addToCells(cells: VariationCells, { bad, of, polls = 1 }: PollCounts): VariationCells {
  const open = { bad: cells.open.bad + bad, of: cells.open.of + of }
  const pollsInOpen = cells.pollsInOpen + polls
  if (pollsInOpen < pollsPerCell || open.of === 0) return { ...cells, open, pollsInOpen }
  return {
    full: cells.full + 1,
    squares: cells.squares + open.bad ** 2 / open.of,
    inFull: { bad: cells.inFull.bad + open.bad, of: cells.inFull.of + open.of },
    open: { bad: 0, of: 0 },
    pollsInOpen: 0,
  }
}

/**
 * Pearson's chi-squared over its degrees of freedom, at least 1; undefined where too little was seen. What is good throughout does
 * not vary.
 */
export function dispersionOf({ full, squares, inFull, open }: VariationCells): number | undefined {
  if (inFull.bad + open.bad === 0) return 1
  if (full < leastCells) return undefined
  const { bad, of } = inFull
  if (bad === 0 || bad === of) return 1
  const share = bad / of
  return Math.max(1, (squares - bad * share) / (share * (1 - share)) / (full - 1))
}
