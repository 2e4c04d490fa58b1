const { floor, imul, log, log1p } = Math

/** Numbers of a fixed sequence (mulberry32), from 0 to below 1, so that a test of chances fails always or never. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** How many of `n` happen, each with the chance `p`: by the gaps between them, so that rare ones cost little. */
export function binomial(random: () => number, n: number, p: number): number {
  if (p <= 0 || n <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - binomial(random, n, 1 - p)
  if (n * p > 50)
    return Math.min(n, Math.max(0, Math.round(n * p + normal(random) * Math.sqrt(n * p * (1 - p)))))
  let count = 0
  for (let at = -1; ; count += 1) {
    at += 1 + floor(log(1 - random()) / log1p(-p))
    if (at >= n) return count
  }
}

/** A Poisson count with this mean. */
export function poisson(random: () => number, mean: number): number {
  if (mean <= 0) return 0
  if (mean > 50) return Math.max(0, Math.round(mean + normal(random) * Math.sqrt(mean)))
  let count = 0
  // the gaps between events are exponential
  for (let time = 0; ; count += 1) {
    time += -log(1 - random())
    if (time > mean) return count
  }
}

/** Box and Muller's. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * log(1 - random())) * Math.cos(2 * Math.PI * random())
}
