import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { post, type Reply, readJson } from '../post.ts'
import type { SettingsOf } from '../settings.ts'
import { readHeaders } from './header-list.ts'
import { writeMetrics } from './opentelemetry-metrics.ts'
import { writeTrace } from './opentelemetry-trace.ts'

/**
 * OpenTelemetry over OTLP/HTTP as JSON: one trace an incident, of which each part is sent when it has ended, and metrics.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function openOpenTelemetry(settings: SettingsOf<'opentelemetry'>, means: ChannelMeans): Channel {
  const { url, signals } = settings
  const given = settings.headers && readHeaders(means.secret(settings.headers))
  const headers = given ?? {}
  const export_ = (signal: 'traces' | 'metrics', body: object) =>
    post(means, { url: `${url.replace(/\/+$/, '')}/v1/${signal}`, headers, body }, readAnswer)
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

/** A 200 may say that a part was rejected, which must not be sent again. https://opentelemetry.io/docs/specs/otlp/#partial-success */
function readAnswer({ body }: Reply): Attempt {
  if (body.trim().startsWith('<'))
    return { outcome: 'failed', because: 'the answer is a page, and not that of a collector', retry: 'never' }
  const partial = readJson(body)['partialSuccess']
  if (typeof partial !== 'object' || partial === null) return accepted
  const { rejectedSpans, rejectedDataPoints, errorMessage } = partial as Readonly<Record<string, unknown>>
  const rejected = Number(rejectedSpans ?? 0) + Number(rejectedDataPoints ?? 0)
  if (!(rejected > 0)) return accepted
  const why = typeof errorMessage === 'string' && errorMessage !== '' ? `: ${errorMessage.slice(0, 200)}` : ''
  return { outcome: 'failed', because: `the collector rejected ${rejected} of it${why}`, retry: 'never' }
}
