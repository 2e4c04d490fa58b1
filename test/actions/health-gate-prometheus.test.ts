import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startMisbehavingService } from '../support/misbehaving-service.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let service: Awaited<ReturnType<typeof startMisbehavingService>>
let prometheus: Awaited<ReturnType<typeof startPrometheus>>
const visitors = new AbortController()
beforeEach(async () => {
  shop = await openBrokenShop()
  service = await startMisbehavingService()
  prometheus = await startPrometheus({ scrape: [service.port] })
})
afterEach(async () => {
  visitors.abort()
  await prometheus.stop()
  await service.stop()
  await shop.close()
})

/** So many requests a second, on average also where timers come late. */
async function visit(perSecond: number, signal: AbortSignal) {
  const startedAt = performance.now()
  for (let sent = 0; !signal.aborted; ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    for (; sent < due; sent += 1)
      void fetch(service.url).then(
        (response) => response.text(),
        () => {},
      )
    await sleep(20)
  }
}

test('a service that begins to fail a fifth of 50 requests a second is called within 30 seconds', async () => {
  void visit(50, visitors.signal)
  await sleep(3000)
  const checks = `- name: errors
  type: prometheus
  url: ${prometheus.url}
  bad: http_requests_total{code="500"}
  total: http_requests_total
  metric: error-rate`
  let rounds = 0
  let failingAt = Number.NaN
  const onLine = (line: string) => {
    if (!line.includes(' UTC | ') || ++rounds !== 3) return
    failingAt = Date.now()
    service.behave({ kind: 'answer', failing: 0.2 })
  }
  const { exitCode, outputs, log } = await runStep(await shop.job({ sha: shop.bad }), {
    action: 'health-gate',
    inputs: { checks, window: '3m', interval: '5s' },
    onLine,
  })
  expect({ exitCode, log }).toMatchObject({ exitCode: 1 })
  expect({ outputs, log }).toMatchObject({
    outputs: { verdict: 'unhealthy', decision: 'roll-back', 'reason-code': 'persistent-issue' },
  })
  expect(Date.now() - failingAt).toBeLessThan(30_000)
  // it was seen to be well before that
  expect(log).toMatch(/▁ 0 % ok/)
})
