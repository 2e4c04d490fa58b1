/** 14.4: `initial-delay` looks from the beginning, so that what is slow at first is warm when it is judged. */
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startMisbehavingService } from '../support/misbehaving-service.ts'
import { startVictoriaMetrics } from '../support/victoria-metrics.ts'
import { bad, checksOf, good, httpCheckOf, noon, playRounds, watch } from './example.ts'

let service: Awaited<ReturnType<typeof startMisbehavingService>>
beforeEach(async () => {
  service = await startMisbehavingService()
})
afterEach(() => service.stop())

const delayed = (more: object = {}) =>
  httpCheckOf({ url: service.url, severity: 'critical', 'initial-delay': '30s', ...more })

test('a service that fails only its first requests is healthy, because it got them in the delay', async () => {
  const clock = playRounds(service, bad, bad, good)
  const { report, lines } = await watch({ checks: [delayed()], ...clock })
  expect(report).toMatchObject({ verdict: 'healthy', rounds: 21 })
  // the first two rounds were warming up, and are no part of the evidence
  expect(service.seen).toHaveLength(21)
  expect(report.checks[0]).toMatchObject({ failures: { bad: 0, of: 19 } })
  expect(lines.slice(0, 3)).toEqual([
    expect.stringContaining('warming up, 1 of 1 probes failed: 1 × status 500'),
    expect.stringContaining('warming up, 2 of 2 probes failed'),
    expect.stringContaining('0 % ok'),
  ])
})

test('one that goes on failing is called, with the first round that is judged and not before', async () => {
  service.behave(bad)
  const { report } = await watch({ checks: [delayed({ for: '0s' })] })
  expect(report).toMatchObject({ verdict: 'unhealthy', rounds: 3 })
  expect(report.firstFailureAt).toBe(new Date(noon + 30_000).toISOString())
})

test('a probe that passed while it was warming up has passed: what it fails later is evidence', async () => {
  const clock = playRounds(service, good, bad)
  const { report } = await watch({ checks: [delayed({ for: '0s' })], needsPass: true, ...clock })
  expect(report).toMatchObject({ verdict: 'unhealthy' })
})

test('one round alone, as before a deployment, is judged at once', async () => {
  service.behave(good)
  const { report } = await watch({ checks: [delayed()], windowMs: 0 })
  expect(report).toMatchObject({ verdict: 'healthy', checks: [{ state: 'ok' }] })
})

test('a tcp probe is warmed up, too', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const check = { name: 'port', type: 'tcp', host: '127.0.0.1', port, severity: 'high' }
  const { report } = await watch({
    checks: checksOf({ ...check, 'initial-delay': '30s' }),
    windowMs: 45_000,
  })
  await new Promise((resolve) => server.close(resolve))
  expect(report.checks[0]).toMatchObject({ state: 'ok', failures: { of: 2 } })
  expect(connections).toBe(4)
})

test('what was counted in the delay is not judged, though the deployment began with it', async () => {
  const metrics = await startVictoriaMetrics()
  const lines: string[] = []
  let [ok, failed] = [0, 0]
  for (let at = -70 * 60_000; at <= 10 * 60_000; at += 5000) {
    // every request of the first minute fails
    if (at > 0 && at <= 60_000) failed += 50
    else ok += 50
    lines.push(`hits{instance="a",code="200"} ${ok} ${noon + at}`)
    lines.push(`hits{instance="a",code="500"} ${failed} ${noon + at}`)
  }
  await metrics.write(lines)
  const verdictWith = async (delay: string) => {
    const counters = { bad: 'hits{code="500"}', total: 'hits' }
    const check = { name: 'errors', type: 'prometheus', url: metrics.url, ...counters, metric: 'error-rate' }
    const checks = checksOf({ ...check, severity: 'critical', 'initial-delay': delay })
    return (await watch({ checks, deployedAt: noon, timeoutMs: 5000 })).report.verdict
  }
  try {
    expect(await verdictWith('0s')).toBe('unhealthy')
    expect(await verdictWith('1m')).toBe('healthy')
  } finally {
    await metrics.stop()
  }
})
