import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { below, excerpt, post, type Reply, readJson } from '../post.ts'
import { readHeaders } from './header-list.ts'
import { writeMetrics } from './opentelemetry-metrics.ts'
import { writeTrace } from './opentelemetry-trace.ts'

const schema = section({
  ...common(),
  events: z
    .array(z.enum(['opened', 'acknowledged', 'rollback-ended', 'resolved']))
    .default(['opened', 'acknowledged', 'rollback-ended', 'resolved'])
    .describe('What is sent: the topics that end a span. Default: all of them.'),
  type: z
    .literal('opentelemetry')
    .describe(
      'Sends one trace for each incident, and metrics, to a collector of OpenTelemetry (OTLP over HTTP).',
    ),
  url: httpUrl({ example: 'https://otlp.example.com' }).describe(
    'Address of the collector, without `/v1/traces`.',
  ),
  headers: secret(
    'OTEL_EXPORTER_OTLP_HEADERS',
    'headers, such as `authorization=Bearer%20…`; default: none',
  ).optional(),
  signals: z
    .array(z.enum(['traces', 'metrics']))
    .min(1, 'is empty; write `traces`, `metrics`, or both')
    .default(['traces', 'metrics'])
    .describe('What is sent. Default: both. A store of traces alone accepts no metrics.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const opentelemetry = { schema, open: openOpenTelemetry }

/**
 * OpenTelemetry over OTLP/HTTP as JSON: one trace an incident, of which each part is sent when it has ended, and metrics.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
function openOpenTelemetry(settings: Settings, means: ChannelMeans): Channel {
  const { url, signals } = settings
  const given = settings.headers && readHeaders(means.secret(settings.headers))
  const headers = given ?? {}
  const export_ = (signal: 'traces' | 'metrics', body: object) =>
    post(means, { url: below(url, `/v1/${signal}`), headers, body }, readAnswer)
  return {
    // a span that is sent twice has the same ids
    isRepeatable: () => true,
    async send(notice): Promise<Attempt> {
      if (settings.headers && given === undefined)
        return {
          outcome: 'failed',
          because: `the variable ${settings.headers.env} is not a list of headers; write one such as \`authorization=Bearer%20…\``,
          retry: 'never',
        }
      const trace = signals.includes('traces') ? writeTrace(notice) : undefined
      const sent = trace && (await export_('traces', trace))
      if (sent?.outcome === 'failed') return sent
      return signals.includes('metrics') ? onlyOnce(await export_('metrics', writeMetrics(notice))) : accepted
    },
  }
}

const accepted = { outcome: 'accepted' } as const

/** A count that arrives twice is counted twice: it is repeated only when it was not taken. */
function onlyOnce(attempt: Attempt): Attempt {
  return attempt.outcome === 'failed' && attempt.retry === 'if-harmless'
    ? { ...attempt, retry: 'never' }
    : attempt
}

/** 64-bit numbers are texts in JSON. */
const count = z.coerce.number().int().min(0).catch(0)
const nothing = { rejectedSpans: 0, rejectedDataPoints: 0, errorMessage: '' }
const partialSchema = z.object({
  partialSuccess: z
    .object({ rejectedSpans: count, rejectedDataPoints: count, errorMessage: z.string().catch('') })
    .catch(nothing),
})

/** A 200 may say that a part was rejected, which must not be sent again. https://opentelemetry.io/docs/specs/otlp/#partial-success */
function readAnswer({ body }: Reply): Attempt {
  if (body.trim().startsWith('<'))
    return { outcome: 'failed', because: 'the answer is a page, and not that of a collector', retry: 'never' }
  const { partialSuccess } = partialSchema.parse(readJson(body))
  const rejected = partialSuccess.rejectedSpans + partialSuccess.rejectedDataPoints
  if (rejected === 0) return accepted
  return {
    outcome: 'failed',
    because: `the collector rejected ${rejected} of it${excerpt(partialSuccess.errorMessage)}`,
    retry: 'never',
  }
}
