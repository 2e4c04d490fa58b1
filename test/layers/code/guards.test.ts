import { describe, expect, test } from '@jest/globals'
import { RefusedError } from '../../../src/errors.ts'
import { newEvent } from '../../../src/history/event.ts'
import { demandGuards } from '../../../src/layers/code/guards.ts'

const now = Date.parse('2026-11-24T03:00:00Z')
const hour = 60 * 60 * 1000
const guards = { maxCommits: 10, maxAgeMs: 24 * hour, dailyCap: 2 }
const rollback = {
  environment: 'production',
  undoneCount: 10,
  badCommittedAt: new Date(now - 24 * hour),
  badIsRollback: false,
}

/** A code rollback of the past. */
function applied(
  hoursAgo: number,
  { incident = `i-${hoursAgo}`, environment = 'production', automatic = true } = {},
) {
  const at = new Date(now - hoursAgo * hour).toISOString()
  const sha = 'a'.repeat(40)
  return newEvent(
    {
      kind: 'rollback-applied',
      incident,
      environment,
      revision: sha,
      at,
      startedAt: at,
      actor: 'grace',
      layer: 'code',
      from: sha,
      to: sha,
      now: sha,
      reason: 'r',
      targetFoundBy: 'named',
      automatic,
      undone: [],
    },
    [incident, at],
  )
}

const judge =
  (change: Partial<typeof rollback>, past: readonly ReturnType<typeof applied>[] = []) =>
  () =>
    demandGuards({ ...rollback, ...change }, { guards, past, now })

describe('an automatic rollback', () => {
  test('at its limits goes ahead', () => {
    expect(judge({}, [applied(1)])).not.toThrow()
  })

  test.each<[string, Partial<typeof rollback>, RegExp]>([
    ['of a rollback', { badIsRollback: true }, /is itself a rollback/],
    ['of too many commits', { undoneCount: 11 }, /would undo 11 commits, and `code.max-commits` allows 10/],
    [
      'of an old revision',
      { badCommittedAt: new Date(now - 25 * hour) },
      /is 1 day old, and `rollback.max-age` allows 1 day/,
    ],
  ])('%s is refused', (_, change, message) => {
    expect(judge(change)).toThrow(RefusedError)
    expect(judge(change)).toThrow(message)
  })

  test('is one too many for the day', () => {
    expect(judge({}, [applied(1), applied(23)])).toThrow(/rolled back automatically 2 times within 24 hours/)
  })

  test.each([
    ['yesterday', applied(25)],
    ['by hand', applied(2, { automatic: false })],
    ['of another environment', applied(2, { environment: 'staging' })],
    ['of another layer of the same incident', applied(2, { incident: 'i-1' })],
  ])('does not count one %s', (_, other) => {
    expect(judge({}, [applied(1), other])).not.toThrow()
  })
})
