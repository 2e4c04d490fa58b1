import type { z } from 'zod'
import { explainRatio, explainUnreachable } from '../../settings/fields.ts'
import { metricDefaults, metrics, severities } from '../../settings/metrics.ts'

/**
 * The rules below also look at what is wrong elsewhere, so that all problems are reported at once; nothing is taken for
 * granted about the types of what they look at.
 */
export function refuseBadLimits(
  check: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
): void {
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const { max, min, equals } = { max: check['max'], min: check['min'], equals: check['equals'] }
  if (equals !== undefined && (max !== undefined || min !== undefined)) {
    tell('equals', 'cannot be combined with `max` or `min`; remove it, or remove these')
  }
  if (typeof max === 'number' && typeof min === 'number' && min > max) {
    tell('min', 'is above `max`, so no value can pass; swap them')
  }
  const metric = metrics.find((each) => each === check['metric'])
  if (metric === undefined) return
  if ((metric === 'cpu' || metric === 'memory') && check['severity'] === 'critical') {
    tell('severity', `can't be critical for ${metric}, which by itself harms nobody; write \`high\``)
  }
  for (const [key, value] of Object.entries({ max, min, equals })) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    const message = metricDefaults[metric].unit === 'ratio' ? explainRatio(value) : explainTime(value)
    if (message !== undefined) tell(key, message)
  }
  if (metricDefaults[metric].unit === 'ratio') refuseUnreachable(check, tell)
}

/** Refuses limits of a ratio that no value is beyond. */
export function refuseUnreachable(
  { max, min, equals }: Readonly<Record<string, unknown>>,
  tell: (key: string, message: string) => void,
): void {
  if (equals !== undefined || (typeof max !== 'number' && typeof min !== 'number')) return
  const message = explainUnreachable({
    ...(typeof max === 'number' && { max }),
    ...(typeof min === 'number' && { min }),
  })
  if (message !== undefined) tell(typeof max === 'number' ? 'max' : 'min', message)
}

function explainTime(value: number): string | undefined {
  return value < 0 ? 'must be a time in milliseconds; write for example `5000`' : undefined
}

export function needLimitAndSeverity(
  check: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
): void {
  // traffic brings its own limit, and its loss is high unless it says otherwise
  if (check['metric'] !== undefined || check['traffic'] !== undefined) return
  if (['max', 'min', 'equals'].every((key) => check[key] === undefined)) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: 'has no limit; write `max`, `min` or `equals`, or a `metric` that brings one',
    })
  }
  if (check['severity'] === undefined) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: `has no severity; write \`severity\` as ${severities.join(', ')}, or a \`metric\` that brings one`,
    })
  }
}
