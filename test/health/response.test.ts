import { describe, expect, test } from '@jest/globals'
import { chooseResponse, type PastEvent } from '../../src/health/response.ts'
import { noon } from './example.ts'

const minute = 60_000
const unhealthy = { verdict: 'unhealthy', reasonCode: 'critical-check', because: 'homepage is down' } as const

function choose(past: readonly PastEvent[], cooldownMs = 30 * minute, hold = '') {
  return chooseResponse({
    report: unhealthy,
    past,
    environment: 'production',
    revision: 'bad',
    hold,
    cooldownMs,
    now: noon,
  })
}

function rollback(minutesAgo: number, more: Partial<PastEvent> = {}): PastEvent {
  const at = new Date(noon - minutesAgo * minute).toISOString()
  return { kind: 'rollback-applied', environment: 'production', automatic: true, at, ...more }
}

test('an unhealthy production is rolled back', () => {
  expect(choose([])).toEqual({
    decision: 'roll-back',
    reasonCode: 'critical-check',
    because: 'homepage is down',
  })
})

test('but not within the cooldown after an automatic rollback, and the reason says which', () => {
  expect(choose([rollback(50), rollback(12), rollback(45)])).toEqual({
    decision: 'hold',
    reasonCode: 'cooldown',
    because:
      'homepage is down; held, because the last automatic rollback of production was at 2026-11-24 11:48:00 UTC, less than the cooldown of 30m ago',
  })
})

describe('it is rolled back', () => {
  test.each<[string, readonly PastEvent[], number]>([
    ['when the cooldown is just over', [rollback(30)], 30 * minute],
    ['after a rollback that a person asked for', [rollback(1, { automatic: false })], 30 * minute],
    ['after a rollback of another environment', [rollback(1, { environment: 'staging' })], 30 * minute],
    ['after a rollback that failed', [rollback(1, { kind: 'rollback-failed' })], 30 * minute],
    ['when there is no cooldown', [rollback(0)], 0],
    ['when there is none, and a clock is ahead', [rollback(-5)], 0],
  ])('%s', (_name, past, cooldownMs) => {
    expect(choose(past, cooldownMs).decision).toBe('roll-back')
  })
})

test('a rollback by a runner whose clock is ahead of ours holds', () => {
  expect(choose([rollback(-2)]).decision).toBe('hold')
})

test.each(['healthy', 'inconclusive', 'error', 'pre-existing'] as const)(
  'nothing is undone when the verdict is %s',
  (verdict) => {
    const report = { verdict, reasonCode: 'no-data', because: 'it was dark' } as const
    const response = chooseResponse({
      report,
      past: [rollback(1)],
      environment: 'production',
      revision: 'bad',
      hold: '',
      cooldownMs: 30 * minute,
      now: noon,
    })
    expect(response).toEqual({ decision: 'keep', reasonCode: 'no-data', because: 'it was dark' })
  },
)

test('a revision that was rolled back once is not rolled back again, however long ago that is', () => {
  expect(choose([rollback(5000, { revision: 'bad' })])).toMatchObject({
    decision: 'hold',
    reasonCode: 'already-rolled-back',
  })
  expect(choose([rollback(5000, { revision: 'another' })]).decision).toBe('roll-back')
  expect(choose([rollback(5000, { revision: 'bad', automatic: false })]).decision).toBe('roll-back')
})

test('nothing is rolled back while people hold it, and their reason is told', () => {
  expect(choose([], 30 * minute, 'ada holds rollbacks: audit until Friday')).toEqual({
    decision: 'hold',
    reasonCode: 'on-hold',
    because: 'homepage is down; held, because ada holds rollbacks: audit until Friday',
  })
})
