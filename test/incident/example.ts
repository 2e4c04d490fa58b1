import { type Event, type EventDraft, newEvent, type Occurrence } from '../../src/history/event.ts'

export const bad = 'b'.repeat(40)
export const good = 'a'.repeat(40)
export const incident = 'production-bbbbbbbbbbbb'
export const start = Date.parse('2026-11-24T03:00:00.000Z')

export const minutes = (count: number) => count * 60_000

/** An event so many minutes after the start. */
export function at(
  minute: number,
  what: Occurrence,
  { key = [String(minute)], actor = 'grace' }: { key?: readonly string[]; actor?: string } = {},
): Event {
  const about = { incident, environment: 'production', revision: bad, actor }
  const draft = { ...about, ...what, at: new Date(start + minutes(minute)).toISOString() } as EventDraft
  return newEvent(draft, key)
}

export const unhealthy = (severity = 'high'): Occurrence => ({
  kind: 'health-checked',
  verdict: 'unhealthy',
  decision: 'roll-back',
  reasonCode: 'breached',
  because: 'the homepage answers 500',
  startedAt: new Date(start).toISOString(),
  checks: [
    { name: 'homepage', severity, state: 'breached', evidence: '100 %, limit 5 %' },
    { name: 'latency', severity: 'critical', state: 'ok', evidence: '120 ms' },
  ],
})
export const healthy: Occurrence = {
  ...unhealthy(),
  kind: 'health-checked',
  verdict: 'healthy',
  decision: 'keep',
  because: 'all checks pass',
  reasonCode: 'healthy',
  startedAt: new Date(start).toISOString(),
  checks: [],
}
export const began: Occurrence = {
  kind: 'rollback-began',
  layers: [{ layer: 'code', from: bad, to: good }],
  reason: 'the homepage answers 500',
  automatic: true,
  startedAt: new Date(start).toISOString(),
}
export const applied: Occurrence = {
  kind: 'rollback-applied',
  layer: 'code',
  from: bad,
  to: good,
  now: 'd'.repeat(40),
  reason: 'the homepage answers 500',
  targetFoundBy: 'the newest good deployment',
  automatic: true,
  undone: [{ revision: bad, title: 'Tidy up', author: 'Linus' }],
  startedAt: new Date(start).toISOString(),
}
export const ended = (outcome: 'complete' | 'failed' | 'not-recovered' = 'complete'): Occurrence => ({
  kind: 'rollback-ended',
  outcome,
  layers: [{ layer: 'code', outcome: 'rolled-back' }],
  phases: { plan: 400, code: 1200, verify: 3000 },
})
export const recovered: Occurrence = {
  kind: 'recovery-verified',
  outcome: 'recovered',
  because: 'all checks pass again',
  startedAt: new Date(start).toISOString(),
}
export const acknowledged: Occurrence = { kind: 'incident-acknowledged', because: 'looking at it' }
export const resolved: Occurrence = { kind: 'incident-resolved', because: 'fixed forward' }
export const escalated = (level: number, requested = false): Occurrence => ({
  kind: 'incident-escalated',
  level,
  after: level - 1,
  requested,
  because: 'nobody acknowledged it in time',
})
