import { describe, expect, test } from '@jest/globals'
import { newEvent } from '../../src/history/event.ts'
import { type GuardedRollback, guards, refusalOf } from '../../src/rollback/guard.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const minute = 60_000
const hour = 60 * minute
const limits = { cooldownMs: 30 * minute, maxCommits: 10, maxAgeMs: 24 * hour, dailyCap: 2 }
const sha = 'a'.repeat(40)
const rollback: GuardedRollback = {
  environment: 'production',
  incident: 'own',
  revision: sha,
  automatic: true,
  layers: ['code'],
  paths: [],
  undoneCount: 10,
  committedAt: new Date(now - 24 * hour),
  isRollback: false,
  takesBack: false,
  needsApproval: [],
  isResumed: false,
  hold: undefined,
}

/** A rollback of the past. */
function applied(
  minutesAgo: number,
  {
    incident = `i-${minutesAgo}`,
    environment = 'production',
    automatic = true,
    layer = 'code' as 'code' | 'ota',
    from = sha,
    run = '1',
  } = {},
) {
  const at = new Date(now - minutesAgo * minute).toISOString()
  const subject = { incident, environment, revision: sha, at, actor: 'grace' }
  const what = { kind: 'rollback-applied', layer, from, to: sha, now: sha, reason: 'r', automatic } as const
  const how = { targetFoundBy: 'named', undone: [], startedAt: at, run: { id: run, attempt: 1, url: 'u' } }
  return newEvent({ ...subject, ...what, ...how }, [incident, at, layer])
}

function failed(minutesAgo: number, { from = 'other', run = '1' } = {}) {
  const at = new Date(now - minutesAgo * minute).toISOString()
  const subject = { incident: 'own', environment: 'production', revision: sha, at, actor: 'grace' }
  const what = { kind: 'rollback-failed', layer: 'ota', from, to: 'x', reasonCode: 'refused' } as const
  return newEvent({ ...subject, ...what, because: 'b', run: { id: run, attempt: 1, url: 'u' } }, [from])
}

const judge = (change: Partial<GuardedRollback> = {}, past: readonly ReturnType<typeof newEvent>[] = []) => {
  const refusal = refusalOf({ ...rollback, ...change }, { limits, past, now })
  return refusal && { guard: refusal.guard.name, because: String(refusal.because) }
}

describe('an automatic rollback', () => {
  test('at its limits goes ahead', () => {
    expect(judge({}, [applied(60)])).toBeUndefined()
  })

  test.each<[string, Partial<GuardedRollback>, string, RegExp]>([
    ['of a rollback', { isRollback: true }, 'is-a-rollback', /is itself a rollback/],
    [
      'of too many commits',
      { undoneCount: 11 },
      'max-commits',
      /would undo 11 commits, and `code.max-commits` allows 10$/,
    ],
    [
      'of an old revision',
      { committedAt: new Date(now - 25 * hour) },
      'max-age',
      /is 1 d 1 h old, and `rollback.max-age` allows 1 d:/,
    ],
    ['that takes one back', { takesBack: true }, 'takes-back', /is not undone automatically/],
    [
      'that a layer calls dangerous',
      { needsApproval: ['database: it restores'] },
      'plan-needs-approval',
      /restores/,
    ],
    ['that people hold', { hold: 'ada holds it: audit' }, 'on-hold', /^ada holds it: audit$/],
  ])('%s is refused, and a person may do it', (_, change, guard, because) => {
    expect(judge(change)).toEqual({ guard, because: expect.stringMatching(because) })
    expect(judge({ ...change, automatic: false })).toBeUndefined()
  })

  test('is one too many for the day', () => {
    expect(judge({}, [applied(60), applied(23 * 60)])).toEqual({
      guard: 'daily-cap',
      because:
        'production was rolled back automatically 2 times within 24 hours, and `rollback.daily-cap` allows 2',
    })
  })

  test.each([
    ['yesterday', applied(25 * 60)],
    ['manually', applied(120, { automatic: false })],
    ['of another environment', applied(120, { environment: 'staging' })],
    ['of another layer of the same incident', applied(120, { incident: 'i-60', layer: 'ota' })],
  ])('does not count one %s for the day', (_, other) => {
    expect(judge({}, [applied(60), other])).toBeUndefined()
  })
})

describe('the cooldown', () => {
  test('holds the next automatic rollback, and says which was the last one', () => {
    expect(judge({}, [applied(50), applied(12), applied(45)])).toEqual({
      guard: 'cooldown',
      because:
        'the last automatic rollback of production was at 2026-11-24 11:48:00 UTC, and `health.cooldown` is 30 min',
    })
  })

  test('holds by a runner whose clock is ahead of ours, too', () => {
    expect(judge({}, [applied(-2)])?.guard).toBe('cooldown')
  })

  test.each<[string, readonly ReturnType<typeof applied>[]]>([
    ['is just over', [applied(30)]],
    ['does not go by a rollback that a person asked for', [applied(1, { automatic: false })]],
    ['does not go by one of another environment', [applied(1, { environment: 'staging' })]],
    ['does not go by another layer of the same incident', [applied(1, { incident: 'own', layer: 'ota' })]],
  ])('%s', (_, past) => {
    expect(judge({}, past)).toBeUndefined()
  })
})

describe('a revision that was rolled back automatically', () => {
  const before = applied(5_000, { incident: 'own' })

  test('is not rolled back automatically again, however long ago that is', () => {
    expect(judge({}, [before])).toEqual({
      guard: 'already-rolled-back',
      because: expect.stringMatching(/^aaaaaaa was rolled back from production at 2026-11-21 00:40:00 UTC/),
    })
    expect(judge({ layers: undefined }, [before])?.guard).toBe('already-rolled-back')
    expect(judge({}, [applied(5_000, { incident: 'own', automatic: false })])).toBeUndefined()
    expect(judge({}, [applied(5_000)])).toBeUndefined()
  })

  test('is not said to be deployed again, which nobody has looked at', () => {
    expect(String(judge({}, [before])?.because)).toMatch(
      /UTC, and a revision is rolled back automatically once$/,
    )
  })

  test('is gone on with when its rollback began and has not come to its end', () => {
    expect(judge({ isResumed: true }, [before])).toBeUndefined()
    expect(judge({ isResumed: true, hold: 'ada holds it' }, [before])?.guard).toBe('on-hold')
  })

  test('is rolled back in the channels that a run has failed in', () => {
    const ota = { layers: ['ota'] } as const
    const half = applied(60, { incident: 'own', layer: 'ota', from: 'android v2' })
    expect(judge(ota, [half])?.guard).toBe('already-rolled-back')
    expect(judge(ota, [half, failed(60, { from: 'ios v2' })])).toBeUndefined()
    const rest = applied(50, { incident: 'own', layer: 'ota', from: 'ios v2' })
    expect(judge(ota, [half, failed(60, { from: 'ios v2' }), rest])?.guard).toBe('already-rolled-back')
    expect(judge(ota, [half, failed(30, { from: 'ios v2', run: '2' })])?.guard).toBe('already-rolled-back')
  })
})

test('each channel of an incident counts for itself', () => {
  const android = applied(60, { incident: 'own', layer: 'ota', from: 'android v2, web v4' })
  const from = (names: readonly string[]) => judge({ layers: ['ota'], from: names }, [android])
  expect(from(['ios v2'])).toBeUndefined()
  expect(from(['ios v2', 'web v4'])?.guard).toBe('already-rolled-back')
})

test('each guard has a name of its own, its rule, and what it reads', () => {
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length)
  for (const { rule, reads } of guards) expect([rule, reads].join(' ')).toMatch(/^[A-Z].*\. ./)
})
