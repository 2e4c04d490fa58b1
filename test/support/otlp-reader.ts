import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../.cache/test-servers/otlp-reader/otlp-reader', import.meta.url))

/** What OpenTelemetry's collector understands of a request; throws for one that it refuses. */
export async function readOtlp(signal: 'traces' | 'metrics', body: string): Promise<unknown> {
  if (!existsSync(program)) throw new Error(`there is no ${program}; run script/bootstrap --tests`)
  return new Promise((resolve, reject) => {
    const child = execFile(program, [signal], (error, stdout, stderr) => {
      if (error) reject(new Error(`the collector refuses it: ${stderr}`))
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(body)
  })
}

export interface ReadSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

/** The spans of requests, as the collector reads them. */
export async function readSpans(bodies: readonly string[]): Promise<readonly ReadSpan[]> {
  const read = await Promise.all(bodies.map((body) => readOtlp('traces', body)))
  return read.flatMap((each) =>
    (each as { resourceSpans: { scopeSpans: { spans: ReadSpan[] }[] }[] }).resourceSpans.flatMap(
      ({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans),
    ),
  )
}

export function durationMs({ startTimeUnixNano, endTimeUnixNano }: ReadSpan): number {
  return Number((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n)
}
