/**
 * The rehearsal that users run first: from nothing to a post-mortem, on the compiled actions. The first one is run as users run
 * it, with a process for each step; in the others, which are about a layer, steps share some.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runDrill } from '../src/drill/drill.ts'
import { sayDuration } from '../src/text/duration.ts'
import { durationMs, readSpans } from './support/otlp-reader.ts'
import { runInReusedProcess as runProcess } from './support/step-process/reused.ts'

test('the drill ends with the good bytes served again and one post-mortem', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'drill-'))
  const lines: string[] = []
  try {
    const { result, papers } = await runDrill({ directory, say: (line) => void lines.push(line) })
    expect(result.layers).toEqual([
      {
        name: 'config',
        from: expect.stringMatching(/^files-/),
        to: expect.stringMatching(/-snapshot-/),
        outcome: 'rolled-back',
        verified: true,
      },
      { name: 'database', from: '2_amount', to: '1_products', outcome: 'rolled-back', verified: true },
      {
        name: 'code',
        from: expect.any(String),
        to: expect.any(String),
        outcome: 'rolled-back',
        verified: true,
      },
    ])
    expect(papers.schemaBad).toContain('amount TEXT')
    expect(papers.schemaAfter).toContain('price TEXT')
    expect(result.decision).toBe('complete')
    // the checks before the deployment, the gate, the beginning, three layers, the deployment, the look afterwards, the end, the post-mortem
    expect(result.events).toBe(10)
    expect(Object.keys(result.phases)).toEqual([
      'detect',
      'plan',
      'config',
      'database',
      'code',
      'deploy',
      'verify',
    ])
    expect(result.requests).toBeGreaterThan(10)
    expect(result.detected_ms).toBeGreaterThan(0)
    expect(result.recovered_ms).toBeGreaterThan(result.detected_ms)
    expect(result.issue.number).toBe(1)
    expect(result.issue.body).toContain('Sort products by their rating')
    expect(lines.join('\n')).toContain('byte for byte as before')
    // after the second good deployment, the doctor
    expect(lines.join('\n')).toMatch(/ok +target: a rollback would restore [0-9a-f]{7}/)
    expect(lines.join('\n')).toContain('A rollback of production would work now')
    expect(lines.join('\n')).toContain('currency: "XXX" → "EUR"')
    const summary = await readFile(papers.summaryFile, 'utf8')
    expect(summary).toContain('"XXX" → "EUR"')
    expect(summary + lines.join('\n') + result.issue.body).not.toContain('pay-live-4711')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('with its flags, the feature that was switched on is off again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'drill-'))
  try {
    const { result } = await runDrill({ directory, layers: ['flags'], runProcess, say: () => {} })
    expect(result.decision).toBe('complete')
    expect(result.layers.slice(0, 2)).toMatchObject([
      { name: 'flags', to: 'off: recommendations', outcome: 'rolled-back', verified: true },
      { name: 'config', outcome: 'rolled-back', verified: true },
    ])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('with its over-the-air layer, a device that holds the bad bundle ends with exactly the good one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'drill-'))
  const lines: string[] = []
  try {
    const { result } = await runDrill({
      directory,
      layers: ['codepush'],
      runProcess,
      say: (line) => void lines.push(line),
    })
    expect(result.layers.find(({ name }) => name === 'ota')).toEqual({
      name: 'ota',
      from: 'Shop-android/Production v3',
      to: 'Shop-android/Production v2',
      outcome: 'rolled-back',
      verified: true,
    })
    expect(lines.join('\n')).toMatch(/released v3 over the air: a device on v2 is offered v3, package/)
    expect(lines.join('\n')).toMatch(/a device that holds v3 is offered v4, package \w+: exactly the package/)
    expect(result.issue.body).toContain('Shop-android/Production v4')
    expect(result.issue.title).toMatch(/rolled back from [0-9a-f]{7} to [0-9a-f]{7}$/)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('with notify, receivers get what happened, and the result has every delivery', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'drill-'))
  const lines: string[] = []
  try {
    const { result, papers } = await runDrill({
      directory,
      layers: ['notify'],
      runProcess,
      say: (line) => void lines.push(line),
    })
    expect(result.decision).toBe('complete')
    const told = (channel: string) =>
      result.deliveries
        .filter((each) => each.channel === channel)
        .map(({ event, outcome }) => `${event} ${outcome}`)
    expect(told('chat')).toEqual([
      'opened delivered',
      'rollback-started delivered',
      'resolved delivered',
      'rollback-ended delivered',
    ])
    expect(told('tools')).toContain('layer-rolled-back accepted')
    expect(result.deliveries.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    // nobody is paged after the end
    expect(papers.arrived.filter((line) => line.startsWith('pager:')).at(-1)).toBe('pager: resolve')
    // what the configuration's diff masks is in no payload (digger 2677)
    expect(JSON.stringify(papers.received)).not.toContain('pay-live-4711')
    // two requests of telemetry that has both a trace and metrics
    const one = papers.received.filter(({ path }) => path !== '/v1/metrics')
    expect(one.length).toBe(result.deliveries.length)
    expect(papers.arrived).toContain('tools: dev.cdevents.incident.resolved.0.3.0')
    expect(lines.join('\n')).not.toMatch(/127\.0\.0\.1:\d+\/(?:chat|webhook|cdevents)/)
    // the trace, as OpenTelemetry's collector reads it: every phase that the summary prints, as long as it prints
    const sent = papers.received.flatMap(({ path, body }) => (path === '/v1/traces' ? [body] : []))
    const spans = await readSpans(sent)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    const { detect: _, ...phases } = result.phases
    const run = spans.find(({ name }) => name === 'RUN rollback')
    const own = spans.filter(({ parentSpanId }) => parentSpanId === run?.spanId)
    expect(Object.fromEntries(own.map((span) => [span.name, durationMs(span)]))).toEqual(phases)
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['incident', 'detect']))
    const summary = await readFile(papers.summaryFile, 'utf8')
    for (const span of own)
      expect(summary).toMatch(new RegExp(`\\| ${span.name} +\\| ${sayDuration(durationMs(span))} `))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
