/**
 * Makes the pictures of the health gate's README again: three runs of the compiled action on a real service that a real
 * Prometheus scrapes, and a picture of the summary of each. `npm run build` first. A verdict as argument draws only that one.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runStep } from '../src/drill/runner.ts'
import { type Behaviour, startMisbehavingService } from '../test/support/misbehaving-service.ts'
import { startPrometheus } from '../test/support/prometheus.ts'
import { openBrokenShop } from '../test/support/repository.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Scene {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive'
  /** requests a second */
  readonly traffic: number
  /** between two rounds, whose probes are requests, too */
  readonly interval: string
  /** how the service behaves from the seventh round on */
  readonly becomes: Behaviour
}
const scenes: readonly Scene[] = [
  { verdict: 'healthy', traffic: 50, interval: '3s', becomes: { kind: 'answer', failing: 0.004 } },
  { verdict: 'unhealthy', traffic: 50, interval: '3s', becomes: { kind: 'answer', failing: 0.2 } },
  { verdict: 'inconclusive', traffic: 0.05, interval: '6s', becomes: { kind: 'answer' } },
]

const [only] = process.argv.slice(2)
for (const { verdict, traffic, interval, becomes } of scenes) {
  if (only !== undefined && only !== verdict) continue
  const shop = await openBrokenShop()
  const service = await startMisbehavingService()
  const prometheus = await startPrometheus({ scrape: [service.port] })
  const visitors = new AbortController()
  try {
    void visit(service.url, traffic, visitors.signal)
    await sleep(10_000)
    let rounds = 0
    const step = await runStep(await shop.job({ sha: shop.bad }), {
      action: 'health-gate',
      inputs: { checks: checks(service.url, prometheus.url), window: '1m', interval },
      onLine: (line) => {
        if (line.includes(' UTC | ') && ++rounds === 6) service.behave(becomes)
      },
    })
    if (step.outputs['verdict'] !== verdict) throw new Error(`it was to be ${verdict}: ${step.log}`)
    const summary = join(shop.directory, 'summary.md')
    writeFileSync(summary, step.summary)
    const picture = join(root, `docs/pictures/health-gate-${verdict}.png`)
    execFileSync(process.execPath, [join(root, 'script/picture.ts'), summary, picture], { stdio: 'inherit' })
  } finally {
    visitors.abort()
    await prometheus.stop()
    await service.stop()
    await shop.close()
  }
}

function checks(service: string, prometheus: string): string {
  return `- { name: homepage, type: http, url: "${service}", severity: critical }
- name: errors
  type: prometheus
  url: ${prometheus}
  bad: http_requests_total{code="500"}
  total: http_requests_total
  metric: error-rate
`
}

async function visit(url: string, perSecond: number, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  for (let sent = 0; !signal.aborted; ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    for (; sent < due; sent += 1)
      void fetch(url).then(
        (response) => response.text(),
        () => {},
      )
    await sleep(20)
  }
}
