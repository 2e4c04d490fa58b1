import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Decision, decide } from '../../src/health/decide.ts'
import type { Evidence } from '../../src/health/evidence.ts'
import type { Reading } from '../../src/health/reading.ts'
import { addReading, emptyTally } from '../../src/health/tally.ts'
import { metricDefaults, metrics, type Severity, severities } from '../../src/settings/schema.ts'
import { noon } from './example.ts'

const intervalMs = 15_000
const readings = {
  /** inside the limit */
  '.': { kind: 'value', value: 0 },
  /** beyond it */
  '#': { kind: 'value', value: 1 },
  /** beyond it only for what came before */
  '+': { kind: 'value', value: 1, recovering: true },
  /** no data */
  '0': { kind: 'no-data', note: 'nothing there' },
  /** could not look */
  '?': { kind: 'error', note: 'refused' },
  /** not a number, let through by somebody */
  n: { kind: 'value', value: Number.NaN },
} as const satisfies Readonly<Record<string, Reading>>
type Mark = keyof typeof readings

function isMark(mark: string): mark is Mark {
  if (mark in readings) return true
  throw new Error(`no such round: ${mark}`)
}

interface Watched {
  readonly severity: Severity
  readonly forMs: number
  readonly rounds: readonly Mark[]
}

function evidenceOf({ severity, forMs, rounds }: Watched, index: number): Evidence {
  const limit = { max: 0.5 }
  const tally = rounds.reduce(
    (before, mark, round) =>
      addReading({ tally: before, reading: readings[mark], at: noon + round * intervalMs, limit }),
    emptyTally,
  )
  return { check: { name: `check-${index}`, severity, limit, forMs }, tally }
}

function decideOn(watched: readonly Watched[], windowOver = true): Decision {
  return decide({ checks: watched.map(evidenceOf), windowOver })
}

/** `high ..##` is a high check with two rounds within its limit and two beyond it; `high:30s` asks for 30 s of that. */
function parse(text: string): Watched {
  const [head = '', marks = ''] = text.split(' ')
  const [name, seconds = '0'] = head.replace(/s$/, '').split(':')
  const severity = severities.find((each) => each === name)
  if (severity === undefined) throw new Error(`no such severity: ${text}`)
  return { severity, forMs: Number(seconds) * 1000, rounds: [...marks].filter(isMark) }
}

test('the limits and severities that hold by default', () => {
  const shown = metrics.map((metric) => {
    const { limit, severity, unit } = metricDefaults[metric]
    return `${metric} > ${limit.max}${unit === 'ms' ? ' ms' : ''} ${severity}`
  })
  expect(shown).toEqual([
    'error-rate > 0.05 high',
    'response-time > 5000 ms medium',
    'cpu > 0.9 medium',
    'memory > 0.9 medium',
    'crash-rate > 0.01 critical',
  ])
})

describe('the rule, once the window is over', () => {
  test.each<[readonly string[], Decision['verdict'], Decision['reasonCode']]>([
    // nothing is wrong
    [['high ....'], 'healthy', 'all-within-limits'],
    [['critical ....', 'high ....', 'low ....'], 'healthy', 'all-within-limits'],
    [['high ##..'], 'healthy', 'all-within-limits'],
    [['critical:30s ##..'], 'healthy', 'all-within-limits'],
    // one critical check
    [['critical ...#'], 'unhealthy', 'critical-check'],
    [['critical ...#', 'high ....'], 'unhealthy', 'critical-check'],
    [['critical ...#', 'high ????'], 'unhealthy', 'critical-check'],
    [['critical ...#', 'high 0000'], 'unhealthy', 'critical-check'],
    [['critical:30s .###'], 'unhealthy', 'critical-check'],
    // ... for long enough
    [['critical:30s ..##'], 'inconclusive', 'unsettled-issue'],
    [['critical:30s .##+'], 'inconclusive', 'unsettled-issue'],
    [['critical:30s #.##'], 'inconclusive', 'unsettled-issue'],
    // ... and a hole of one or two rounds does not restart the clock, one of three does
    [['critical:30s ...#?#'], 'unhealthy', 'critical-check'],
    [['critical:30s ...#0?#'], 'unhealthy', 'critical-check'],
    [['critical:30s ......#???#'], 'inconclusive', 'unsettled-issue'],
    // two high ones, at the same time
    [['high ...#', 'high ...#'], 'unhealthy', 'two-high-checks'],
    [['high ...#', 'high ..#.'], 'inconclusive', 'unsettled-issue'],
    [['high ...#', 'medium ...#', 'low ...#'], 'inconclusive', 'unsettled-issue'],
    // one that is sustained
    [['high ####'], 'unhealthy', 'sustained-issue'],
    [['medium ####'], 'unhealthy', 'sustained-issue'],
    [['medium ##?#####'], 'unhealthy', 'sustained-issue'],
    [['medium ##'], 'unhealthy', 'sustained-issue'],
    [['medium #'], 'inconclusive', 'unsettled-issue'],
    [['medium .###'], 'inconclusive', 'unsettled-issue'],
    [['medium ###.'], 'healthy', 'all-within-limits'],
    // a low check is told, and decides nothing
    [['low ####'], 'healthy', 'minor-issue'],
    [['low ####', 'low ####', 'high ....'], 'healthy', 'minor-issue'],
    // what could not look
    [['high ????'], 'error', 'could-not-look'],
    [['high ....', 'low ????'], 'error', 'could-not-look'],
    [['high ????', 'high 0000'], 'error', 'could-not-look'],
    [['high ....', 'medium ...#', 'low ????'], 'error', 'could-not-look'],
    [['high ......???'], 'error', 'could-not-look'],
    [['high ......?0?'], 'error', 'could-not-look'],
    [['high .?.?'], 'error', 'could-not-look'],
    [['high 0?'], 'error', 'could-not-look'],
    [['high ##??'], 'error', 'could-not-look'],
    // what had no data
    [['high 0000'], 'inconclusive', 'no-data'],
    [['high nnnn'], 'inconclusive', 'no-data'],
    [['high ....', 'low 0000'], 'inconclusive', 'no-data'],
    [['high ......000'], 'inconclusive', 'no-data'],
    [['high .0.0'], 'inconclusive', 'no-data'],
    [['high ..0.?....'], 'healthy', 'all-within-limits'],
    [[], 'inconclusive', 'no-data'],
  ])('%j is %s: %s', (texts, verdict, reasonCode) => {
    expect(decideOn(texts.map(parse))).toMatchObject({ verdict, reasonCode })
  })
})

test('a check that has been beyond its limit all the time is not called sustained while the window is open', () => {
  expect(decideOn([parse('high ####')], false)).toMatchObject({ verdict: 'inconclusive' })
  expect(decideOn([parse('critical ####')], false)).toMatchObject({ verdict: 'unhealthy' })
})

test('the checks that the verdict rests on are named, and no others', () => {
  const checks = ['high ....', 'high ...#', 'medium ####', 'high ...#'].map(parse)
  expect(decideOn(checks).decidedBy).toEqual(['check-1', 'check-3'])
})

describe('whatever is seen', () => {
  const mark = fc.constantFrom<Mark>('.', '#', '+', '0', '?', 'n')
  const watchedWith = (severity: fc.Arbitrary<Severity>, marks = mark) =>
    fc.record({
      severity,
      forMs: fc.constantFrom(0, intervalMs, 2 * intervalMs),
      rounds: fc.array(marks, { minLength: 1, maxLength: 12 }),
    })
  const anyCheck = watchedWith(fc.constantFrom(...severities))
  const anyChecks = fc.array(anyCheck, { minLength: 1, maxLength: 5 })

  test('a check without one value is never healthy, whatever the others say', () => {
    const blind = watchedWith(fc.constantFrom(...severities), fc.constantFrom<Mark>('0', '?', 'n'))
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 4 }), blind, fc.boolean(), (others, check, windowOver) => {
        expect(decideOn([...others, check], windowOver).verdict).not.toBe('healthy')
      }),
    )
  })

  test('healthy means that every check saw more than half of its rounds, and the last ones', () => {
    fc.assert(
      fc.property(anyChecks, (checks) => {
        if (decideOn(checks).verdict !== 'healthy') return
        for (const { rounds } of checks) {
          const seen = rounds.filter((each) => '.#+'.includes(each)).length
          expect(seen * 2).toBeGreaterThan(rounds.length)
          expect(rounds.slice(-3).some((each) => '.#+'.includes(each))).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('errors alone never roll back', () => {
    const blind = watchedWith(fc.constantFrom(...severities), fc.constantFrom<Mark>('.', '0', '?', 'n'))
    fc.assert(
      fc.property(fc.array(blind, { minLength: 1, maxLength: 5 }), fc.boolean(), (checks, windowOver) => {
        expect(decideOn(checks, windowOver).verdict).not.toBe('unhealthy')
      }),
    )
  })

  const unhealthy = fc
    .tuple(anyChecks, fc.boolean())
    .filter(([checks, windowOver]) => decideOn(checks, windowOver).verdict === 'unhealthy')

  test('a round that turns out worse never turns a rollback away', () => {
    fc.assert(
      fc.property(unhealthy, fc.nat(), fc.nat(), ([checks, windowOver], which, round) => {
        const worse = checks.map((check, index) =>
          index !== which % checks.length
            ? check
            : { ...check, rounds: check.rounds.with(round % check.rounds.length, '#') },
        )
        expect(decideOn(worse, windowOver).verdict).toBe('unhealthy')
      }),
      { numRuns: 1000 },
    )
  })

  test('a higher severity, a shorter `for`, one more check or the end of the window never does', () => {
    fc.assert(
      fc.property(unhealthy, fc.nat(), anyCheck, ([checks, windowOver], which, another) => {
        const raise = (change: Partial<Watched>) =>
          checks.map((check, index) => (index === which % checks.length ? { ...check, ...change } : check))
        expect(decideOn(raise({ severity: 'critical' }), windowOver).verdict).toBe('unhealthy')
        expect(decideOn(raise({ forMs: 0 }), windowOver).verdict).toBe('unhealthy')
        expect(decideOn([...checks, another], windowOver).verdict).toBe('unhealthy')
        expect(decideOn(checks, true).verdict).toBe('unhealthy')
      }),
      { numRuns: 1000 },
    )
  })

  test('the order of the checks makes no difference', () => {
    fc.assert(
      fc.property(anyChecks, (checks) => {
        const { verdict, reasonCode } = decideOn(checks)
        expect(decideOn(checks.toReversed())).toMatchObject({ verdict, reasonCode })
      }),
    )
  })

  test('the reason names every check that decided', () => {
    fc.assert(
      fc.property(anyChecks, (checks) => {
        const { because, decidedBy } = decideOn(checks)
        expect(decidedBy.length).toBeGreaterThan(0)
        for (const name of decidedBy) expect(because).toContain(name)
      }),
    )
  })
})
