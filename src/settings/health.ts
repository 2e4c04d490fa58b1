import { z } from 'zod'
import { checksSchema } from '../health/checks/schema.ts'
import { formatDuration, parseDuration } from '../text/duration.ts'
import { duration, isMapping, section } from './fields.ts'

const defaultIntervalMs = parseDuration('15s')
const defaultTimeoutMs = parseDuration('10s')

/** The section `health`. */
export function healthSchema() {
  return section({
    window: duration({ max: parseDuration('6h') })
      .prefault('5m')
      .describe('How long the gate watches production before it reports it as healthy. At most 6h.'),
    interval: duration({ min: 100 })
      .optional()
      .describe(
        'Time between two rounds of checks. At least 100ms and at most the window. Default: 15s, or the window if that is shorter.',
      ),
    timeout: duration({ min: 1 })
      .optional()
      .describe(
        'How long one probe or query may take. At most the window. Default: 10s, or the window if that is shorter.',
      ),
    alpha: z
      .number()
      .gt(0, 'must be above 0; write for example `0.01`')
      .max(0.5, 'must be at most 0.5; write for example `0.01`')
      .default(0.01)
      .describe(
        'Probability that the gate reports a healthy deployment as unhealthy because of its counts, however often it checks. It is divided among the checks that count.',
      ),
    'healthy-early': z
      .boolean()
      .default(false)
      .describe(
        'Whether the gate ends as soon as all checks have passed, if all of them count. Problems that start later are then not detected.',
      ),
    cooldown: duration({ unit: 'm' })
      .prefault('30m')
      .describe('Minimum time between two automatic rollbacks of the environment.'),
    jitter: duration()
      .prefault('0s')
      .describe(
        'Maximum random delay of each check, so that many gates do not send requests at the same time. At most the interval.',
      ),
    concurrency: z
      .int('must be a whole number; write for example `10`')
      .min(1, 'must be at least 1')
      .default(10)
      .describe('How many checks run at the same time, at most.'),
    checks: checksSchema.prefault([]).describe('The checks. Each has a limit and a severity.'),
    impact: checksSchema
      .prefault([])
      .describe(
        'Checks that measure the effect on users, such as active users, crashes, feedback and engagement. They are measured before and after the deployment, and never cause a rollback.',
      ),
  })
    .superRefine(keepWithinWindow, { when: isMapping })
    .transform((health) => {
      const { window: windowMs, interval, timeout, cooldown: cooldownMs, checks, impact, alpha } = health
      const intervalMs = interval ?? Math.min(defaultIntervalMs, windowMs)
      const timeoutMs = timeout ?? Math.min(defaultTimeoutMs, windowMs)
      return {
        windowMs,
        intervalMs,
        timeoutMs,
        cooldownMs,
        alpha,
        healthyEarly: health['healthy-early'],
        jitterMs: Math.min(health.jitter, intervalMs),
        concurrency: health.concurrency,
        checks: checks.map((check) => fillFor(check, { intervalMs, windowMs })),
        impact: impact.map((check) => fillFor(check, { intervalMs, windowMs })),
      }
    })
}

/** The list of checks alone, for an interval and window that are known from elsewhere (milliseconds). */
export function checksSchemaFor(rounds: Rounds) {
  return checksSchema
    .superRefine(
      (checks, context) => refuseLateFor({ checks, path: [], windowMs: rounds.windowMs, context }),
      {
        when: ({ value }) => Array.isArray(value),
      },
    )
    .transform((checks) => checks.map((check) => fillFor(check, rounds)))
}

interface Rounds {
  readonly intervalMs: number
  readonly windowMs: number
}

/** One failed probe may be the network's fault; two in a row are not. Never longer than the window. */
function fillFor(check: z.output<typeof checksSchema>[number], { intervalMs, windowMs }: Rounds) {
  return check.type === 'http'
    ? { ...check, forMs: check.forMs ?? Math.min(2 * intervalMs, windowMs) }
    : check
}

function keepWithinWindow(health: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const bad = new Set(context.issues.map((issue) => issue.path?.[0]))
  const windowMs = health['window']
  if (bad.has('window') || typeof windowMs !== 'number') return
  for (const key of ['interval', 'timeout']) {
    if (bad.has(key)) continue
    refuseLonger({ value: health[key], path: [key], windowMs, context })
  }
  refuseLateFor({ checks: health['checks'], path: ['checks'], windowMs, context })
}

/** A breach that must last longer than anyone looks would never count. */
function refuseLateFor({
  checks,
  path,
  windowMs,
  context,
}: {
  readonly checks: unknown
  readonly path: readonly string[]
  readonly windowMs: number
  readonly context: z.core.$RefinementCtx
}): void {
  if (!Array.isArray(checks)) return
  for (const [index, check] of checks.entries()) {
    refuseLonger({ value: check?.forMs, path: [...path, index, 'for'], windowMs, context })
    refuseLonger({ value: check?.initialDelayMs, path: [...path, index, 'initial-delay'], windowMs, context })
  }
}

function refuseLonger({
  value,
  path,
  windowMs,
  context,
}: {
  readonly value: unknown
  readonly path: (string | number)[]
  readonly windowMs: number
  readonly context: z.core.$RefinementCtx
}): void {
  if (typeof value !== 'number' || value <= windowMs) return
  const message = `is longer than the window; write at most \`${formatDuration(windowMs)}\`, or a longer \`window\``
  context.addIssue({ code: 'custom', path, message })
}
