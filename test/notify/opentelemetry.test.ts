import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startReceiver } from '../../src/drill/receiver.ts'
import { readHeaders } from '../../src/notify/channels/header-list.ts'
import { writeMetrics } from '../../src/notify/channels/opentelemetry-metrics.ts'
import { writeTrace } from '../../src/notify/channels/opentelemetry-trace.ts'
import { acknowledged, applied, at, began, ended, recovered, start, unhealthy } from '../incident/example.ts'
import { durationMs, readOtlp, readSpans } from '../support/otlp-reader.ts'
import { hostile, noticesOf, only, open } from './example.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver(() => ({ body: '{"partialSuccess":{}}' }))
})
afterEach(() => receiver.stop())

const minute = (count: number) => new Date(start + count * 60_000).toISOString()
const failing = {
  ...unhealthy('critical'),
  startedAt: minute(0),
  checks: [
    { name: 'homepage', severity: 'critical', state: 'breached', evidence: '100 %', failingSince: minute(1) },
  ],
} as never
const deployed = {
  kind: 'revision-deployed',
  deployed: 'd'.repeat(40),
  workflow: 'deploy.yml',
  url: 'https://x.example/1',
} as const
const end = {
  ...ended(),
  layers: [
    { layer: 'database', outcome: 'rolled-back' },
    { layer: 'code', outcome: 'rolled-back' },
  ],
  phases: { plan: 400, database: 700, code: 1200, deploy: 9000, verify: 3000 },
} as never
const story = [
  at(2, failing),
  at(3, { ...began, startedAt: minute(3) } as never),
  at(3.2, {
    ...applied,
    layer: 'database',
    from: '2_b',
    to: '1_a',
    now: '1_a',
    startedAt: minute(3.1),
  } as never),
  at(3.3, { ...applied, startedAt: minute(3.2) } as never),
  at(3.5, deployed),
  at(4, acknowledged),
  at(5, { ...recovered, startedAt: minute(4.9) } as never),
  at(5.01, end),
]
const notices = noticesOf(story)
const settings = () => ({ type: 'opentelemetry', url: `${receiver.url}/`, headers: { env: 'HEADERS' } })
const env = { HEADERS: 'authorization=Bearer%20otlp-token-4711,x-tenant=shop' }
const sendAll = async (those = notices, more: object = {}) => {
  const channel = open({ ...settings(), ...more }, env)
  const outcomes: string[] = []
  for (const notice of those)
    if (isSent(notice.topic)) outcomes.push((await channel.send(notice, {})).outcome)
  return outcomes
}
const isSent = (topic: string) => ['opened', 'acknowledged', 'rollback-ended', 'resolved'].includes(topic)
const bodiesOf = (path: string) =>
  receiver.received.filter((each) => each.path === path).map(({ body }) => body)

describe('a trace', () => {
  test('has a span a phase and layer, each as long as the history says, where it happened', async () => {
    expect(await sendAll()).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
    const spans = await readSpans(bodiesOf('/v1/traces'))
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    const root = spans.find(({ parentSpanId }) => !parentSpanId)
    expect(root?.name).toBe('incident')
    const run = spans.find(({ name }) => name === 'RUN rollback')
    expect(run?.parentSpanId).toBe(root?.spanId)
    const told = spans.map((span) => [
      span.name,
      span.parentSpanId === run?.spanId ? 'rollback' : span.parentSpanId ? 'incident' : '',
      Number(BigInt(span.startTimeUnixNano) / 1_000_000n) - start,
      durationMs(span),
    ])
    expect(told.toSorted(([, , a], [, , b]) => Number(a) - Number(b))).toEqual([
      ['detect', 'incident', 60_000, 60_000],
      ['incident', '', 60_000, 240_000],
      ['acknowledge', 'incident', 120_000, 120_000],
      ['RUN rollback', 'incident', 185_600, 115_000],
      ['plan', 'rollback', 185_600, 400],
      ['database', 'rollback', 186_000, 700],
      ['code', 'rollback', 192_000, 1200],
      ['deploy', 'rollback', 201_000, 9000],
      ['verify', 'rollback', 294_000, 3000],
    ])
  })

  test('is read by the collector whole: of what it does not know nothing is in it', async () => {
    for (const notice of [...notices, ...noticesOf([at(0, { ...unhealthy(), because: hostile } as never)])]) {
      if (!isSent(notice.topic)) continue
      for (const [signal, sent] of [
        ['traces', writeTrace(notice)],
        ['metrics', writeMetrics(notice)],
      ] as const)
        if (sent)
          expect(await readOtlp(signal, JSON.stringify(sent))).toEqual(JSON.parse(JSON.stringify(sent)))
    }
    await expect(
      readOtlp('traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x"}]}]}]}'),
    ).rejects.toThrow('refuses')
  })

  test('has the same ids in every run, and others when the incident opens again', () => {
    const ids = (those: typeof notices) =>
      [...JSON.stringify(those.map(writeTrace)).matchAll(/"(?:trace|span)Id":"(\w+)"/g)].map(([, id]) => id)
    expect(ids(noticesOf(story))).toEqual(ids(notices))
    const again = noticesOf([...story, at(60, unhealthy())]).slice(notices.length)
    expect(ids(again).filter((id) => ids(notices).includes(id))).toEqual([])
    expect(new Set(ids(notices)).size).toBe(10)
  })

  test('of a rollback that was killed and went on has what this run did, with a layer of the earlier one at no time', () => {
    const resumed = {
      ...ended('complete'),
      layers: [{ layer: 'code', outcome: 'rolled-back' }],
      phases: { plan: 50, code: 0, verify: 10 },
    } as never
    const later = noticesOf([
      at(0, unhealthy()),
      at(1, began),
      at(2, applied),
      at(30, recovered),
      at(30.5, resumed),
    ])
    const [body] = later.filter(({ topic }) => topic === 'rollback-ended').map(writeTrace)
    const [run] = body?.resourceSpans[0]?.scopeSpans[0]?.spans ?? []
    expect(
      Number(BigInt(run?.endTimeUnixNano ?? 0) - BigInt(run?.startTimeUnixNano ?? 0)) / 1e6,
    ).toBeLessThan(61_000 * 31)
  })

  const spansOfEnd = (...events: Parameters<typeof noticesOf>[0]) => {
    const [body] = noticesOf(events)
      .filter(({ topic }) => topic === 'rollback-ended')
      .map(writeTrace)
    return (body?.resourceSpans[0]?.scopeSpans[0]?.spans ?? []).map(({ name, status, attributes }) => ({
      name,
      status,
      values: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    }))
  }
  const unseen = { ...recovered, outcome: 'unknown', because: 'a later step verifies production' } as never
  const phases = { plan: 50, code: 10, deploy: 0, verify: 10 }

  test('12: that is handed over is a success, and what it did not do is skipped: no deployment, no verification', () => {
    const layers = [{ layer: 'code', outcome: 'rolled-back' }]
    const end = { ...ended(), outcome: 'rolled-back', layers, phases } as never
    const spans = spansOfEnd(at(0, unhealthy()), at(1, began), at(2, applied), at(3, unseen), at(4, end))
    const of = (name: string) => spans.find((span) => span.name === name)
    const run = of('RUN rollback')
    expect(run?.values).toMatchObject({
      'cicd.pipeline.result': 'success',
      'rollback.outcome': 'rolled-back',
    })
    expect(run?.values).not.toHaveProperty(['error.type'])
    expect(run?.status).toEqual({ code: 1 })
    for (const name of ['deploy', 'verify']) {
      expect(of(name)).toMatchObject({ status: {}, values: { 'cicd.pipeline.task.run.result': 'skip' } })
      expect(of(name)?.values).not.toHaveProperty(['deployment.status'])
    }
    expect(of('code')?.values).toMatchObject({ 'cicd.pipeline.task.run.result': 'success' })
  })

  test('12: that was not verified is a failure, whose verification did not succeed', () => {
    const layers = [{ layer: 'code', outcome: 'rolled-back' }]
    const end = { ...ended(), outcome: 'not-verified', layers, phases } as never
    const spans = spansOfEnd(at(0, unhealthy()), at(1, began), at(2, applied), at(3, unseen), at(4, end))
    expect(spans.find(({ name }) => name === 'RUN rollback')?.values).toMatchObject({
      'cicd.pipeline.result': 'failure',
      'error.type': 'not-verified',
    })
    expect(spans.find(({ name }) => name === 'verify')).toMatchObject({
      status: {},
      values: { 'cicd.pipeline.task.run.result': 'skip' },
    })
  })

  test('12: that waits for its pull request has neither succeeded nor failed', () => {
    const layers = [{ layer: 'code', outcome: 'proposed' }]
    const end = {
      ...ended(),
      outcome: 'proposed',
      layers,
      phases: { plan: 50, code: 10, verify: 1 },
    } as never
    const spans = spansOfEnd(at(0, unhealthy()), at(1, began), at(3, unseen), at(4, end))
    const run = spans.find(({ name }) => name === 'RUN rollback')
    expect(run?.status).toEqual({})
    for (const key of ['cicd.pipeline.result', 'error.type']) expect(run?.values).not.toHaveProperty([key])
    expect(spans.find(({ name }) => name === 'code')).toMatchObject({
      status: {},
      values: { 'cicd.pipeline.task.run.result': 'skip' },
    })
  })

  test('that failed says so: its result, the type of the error, and the layer', () => {
    const failed = { ...ended('failed'), layers: [{ layer: 'code', outcome: 'failed' }] } as never
    const [body] = noticesOf([at(0, unhealthy()), at(1, began), at(3, failed)])
      .filter(({ topic }) => topic === 'rollback-ended')
      .map(writeTrace)
    const text = JSON.stringify(body)
    expect(text).toContain('{"key":"cicd.pipeline.result","value":{"stringValue":"failure"}}')
    expect(text).toContain('{"key":"error.type","value":{"stringValue":"failed"}}')
    expect(body?.resourceSpans[0]?.scopeSpans[0]?.spans.find(({ name }) => name === 'code')?.status).toEqual({
      code: 2,
    })
  })
})

test('attributes of others are names of the semantic conventions, with their values', () => {
  const names: Record<string, string> = createRequire(import.meta.url)(
    '@opentelemetry/semantic-conventions/incubating',
  )
  const known = new Set(
    Object.entries(names).flatMap(([key, value]) => (key.startsWith('ATTR_') ? [value] : [])),
  )
  const sent = JSON.stringify(notices.map((notice) => [writeTrace(notice), writeMetrics(notice)]))
  const used = new Set([...sent.matchAll(/"key":"([^"]+)"/g)].map(([, key]) => key ?? ''))
  const foreign = [...used].filter((key) => !key.startsWith('rollback.'))
  expect(foreign.filter((key) => !known.has(key))).toEqual([])
  expect(foreign).toEqual(
    expect.arrayContaining([
      'deployment.environment.name',
      'deployment.status',
      'cicd.pipeline.result',
      'cicd.pipeline.task.name',
    ]),
  )
  const results = [
    ...sent.matchAll(/"key":"cicd.pipeline.(?:result|task.run.result)","value":\{"stringValue":"(\w+)"/g),
  ].map(([, each]) => each)
  const allowed = Object.entries(names).flatMap(([key, value]) =>
    /^CICD_PIPELINE_(?:TASK_RUN_)?RESULT_VALUE_/.test(key) ? [value] : [],
  )
  expect(allowed).toEqual(expect.arrayContaining(results as string[]))
})

test('metrics say detection, acknowledgement, recovery, the outcome and each phase, in seconds', () => {
  const points = notices
    .filter(({ topic }) => isSent(topic))
    .flatMap(
      (notice) =>
        writeMetrics(notice).resourceMetrics[0]?.scopeMetrics[0]?.metrics.flatMap((metric) =>
          ('sum' in metric ? metric.sum.dataPoints : metric.histogram.dataPoints).map(
            (point) => [metric.name, 'sum' in point ? point.sum : Number(point.asInt)] as const,
          ),
        ) ?? [],
    )
  expect(points).toEqual([
    ['rollback.incidents', 1],
    ['rollback.detection.duration', 60],
    ['rollback.acknowledgement.duration', 120],
    ['rollback.recovery.duration', 240],
    ['rollback.runs', 1],
    ...[0.4, 0.7, 1.2, 9, 3].map((seconds) => ['rollback.phase.duration', seconds]),
  ])
})

describe('what a collector answers', () => {
  const first = only(notices)

  test('the headers of OpenTelemetry’s own variable are sent, decoded', async () => {
    await sendAll([first])
    expect(receiver.received[0]?.headers).toMatchObject({
      authorization: 'Bearer otlp-token-4711',
      'x-tenant': 'shop',
    })
    expect(readHeaders('a=b, c = d%2Ce')).toEqual({ a: 'b', c: 'd,e' })
    for (const wrong of ['nothing', 'a b=c', 'a=%zz', 'a=b%0d%0aevil: x'])
      expect(readHeaders(wrong)).toBeUndefined()
    expect(await open(settings(), { HEADERS: 'Bearer otlp-token-4711' }).send(first, {})).toMatchObject({
      because: expect.stringContaining('the variable HEADERS is not a list of headers'),
      retry: 'never',
    })
  })

  test('a part that it rejected is a failure that is not repeated; so is a page', async () => {
    receiver.answer(() => ({ body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}' }))
    expect(await open(settings(), env).send(first, {})).toEqual({
      outcome: 'failed',
      because: 'the collector rejected 1 of it: too old',
      retry: 'never',
    })
    receiver.answer(() => ({ body: '<html>Sign in</html>' }))
    expect(await open(settings(), env).send(first, {})).toMatchObject({ outcome: 'failed', retry: 'never' })
  })

  test('a span may be sent again, a count only where it was not taken', async () => {
    const answer = (traces: number, metrics: number) =>
      receiver.answer(({ path }) => ({ status: path === '/v1/traces' ? traces : metrics, body: '{}' }))
    const retry = async () => {
      const attempt = await open(settings(), env).send(first, {})
      return 'retry' in attempt ? attempt.retry : attempt.outcome
    }
    answer(503, 200)
    expect(await retry()).toBe('if-harmless')
    answer(200, 503)
    expect(await retry()).toBe('never')
    answer(200, 429)
    expect(await retry()).toBe('always')
  })

  test('a store of traces alone gets no metrics', async () => {
    expect(await sendAll(notices, { signals: ['traces'] })).not.toContain('failed')
    expect(bodiesOf('/v1/metrics')).toEqual([])
    expect(bodiesOf('/v1/traces')).toHaveLength(4)
  })
})
