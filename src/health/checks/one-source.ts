import type { z } from 'zod'

interface Source {
  readonly single: string | undefined
  readonly bad: string | undefined
  readonly total: string | undefined
  readonly method: 'sequential' | 'threshold'
  readonly alpha: number | undefined
}

/** There is one of both: needOne saw to it. */
export function sourceOf({ single, bad, total, method, alpha }: Source) {
  return bad === undefined || total === undefined
    ? { source: single ?? '' }
    : { counters: { bad, total }, method, ...(alpha === undefined ? {} : { alpha }) }
}

/** One value, or the counters of what went wrong and of all. */
export function needOne(input: {
  readonly check: Readonly<Record<string, unknown>>
  readonly single: string
  readonly context: z.core.$RefinementCtx
}): void {
  const { check, single, context } = input
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const has = (key: string) => check[key] !== undefined
  if (!has(single) && !has('bad') && !has('total')) tell(single, 'is missing; write it, or `bad` and `total`')
  if (has(single) && (has('bad') || has('total'))) {
    tell(has('bad') ? 'bad' : 'total', `cannot be combined with \`${single}\`; remove one of them`)
  }
  if (has('bad') !== has('total')) {
    tell(has('bad') ? 'total' : 'bad', 'is missing; `bad` and `total` need each other')
  }
}
