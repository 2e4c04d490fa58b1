import { type Severity, severities } from '../../text/severity.ts'
import type { Attempt, Channel, ChannelMeans, MessageIds } from '../channel.ts'
import type { Notice } from '../notice.ts'
import { idsOf, post, type Reply, readJson } from '../post.ts'
import type { SettingsOf } from '../settings.ts'

/**
 * incident.io: one incident there for each here, by an idempotency key, edited as it goes on. The API closes none: people do.
 * https://docs.incident.io/api-reference/incidents-v2/create
 */
export function openIncidentIo(settings: SettingsOf<'incident-io'>, means: ChannelMeans): Channel {
  const { visibility, mode } = settings
  const headers = { authorization: `Bearer ${means.secret(settings.token)}` }
  const address = settings.url.replace(/\/+$/, '')
  return {
    isRepeatable: () => true,
    async send(notice, ids): Promise<Attempt> {
      let ranked: readonly string[] = []
      const listed = await post(
        means,
        { url: `${address}/v1/severities`, method: 'GET', headers },
        (reply) => {
          ranked = readSeverities(reply)
          return { outcome: 'delivered' }
        },
      )
      if (listed.outcome === 'failed') return listed
      const severity = severityIdOf(ranked, notice.incident.severity)
      const about = { name: notice.title.slice(0, 200), summary: summaryOf(notice), ...severity }
      const { id } = ids
      if (id !== undefined)
        return post(
          means,
          {
            url: `${address}/v2/incidents/${encodeURIComponent(id)}/actions/edit`,
            headers,
            body: { incident: about, notify_incident_channel: true },
          },
          (reply) => readIncident(reply),
        )
      const body = { idempotency_key: keyOf(notice), visibility, mode, ...about }
      return post(means, { url: `${address}/v2/incidents`, headers, body }, (reply) => readIncident(reply))
    },
  }
}

/** The same for an incident in every run; each opening has another. */
function keyOf({ repository, incident }: Notice): string {
  return `${repository}/${incident.incident}/${incident.episode}`
}

/** Their summaries are Markdown: nothing in ours is read as it. */
function summaryOf({ headline, facts, links, incident }: Notice): string {
  const isOver = incident.status === 'resolved' ? ['This incident can be closed.'] : []
  return [
    plain(headline),
    ...isOver,
    ...facts.map(({ label, value }) => `${plain(label)}: ${plain(value)}`),
    ...links.map(({ label, url }) => `${plain(label)}: ${url}`),
  ]
    .join('\n\n')
    .slice(0, 8000)
}

function plain(text: string): string {
  return text
    .replace(/[\\`*_[\]<>#|~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/\s+/g, ' ')
}

/** Ids by rank, the worst first; theirs is higher the worse it is. https://docs.incident.io/api-reference/severities-v1/list */
function readSeverities({ body }: Reply): readonly string[] {
  const { severities: listed } = readJson(body)
  if (!Array.isArray(listed)) return []
  return listed
    .flatMap((each: unknown) => {
      if (typeof each !== 'object' || each === null) return []
      const { id, rank } = each as Readonly<Record<string, unknown>>
      return typeof id === 'string' && typeof rank === 'number' ? [{ id, rank }] : []
    })
    .toSorted((a, b) => b.rank - a.rank)
    .map(({ id }) => id)
}

/** The severity at the same place of their scale, whatever they call it; where they have none, they choose. */
function severityIdOf(ranked: readonly string[], severity: Severity): { readonly severity_id?: string } {
  const place = severities.indexOf(severity) / (severities.length - 1)
  const id = ranked[Math.round(place * (ranked.length - 1))]
  return id === undefined ? {} : { severity_id: id }
}

function readIncident({ body }: Reply): Attempt {
  const { incident } = readJson(body)
  const id = typeof incident === 'object' && incident !== null ? Reflect.get(incident, 'id') : undefined
  const message: MessageIds = idsOf({ id })
  return message['id'] === undefined
    ? { outcome: 'failed', because: 'the answer is not that of incident.io', retry: 'never' }
    : { outcome: 'delivered', message }
}
