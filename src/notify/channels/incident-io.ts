import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import { type Severity, severities } from '../../text/severity.ts'
import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { type Notice, subjectOf } from '../notice.ts'
import { below, post, type Reply, readJson } from '../post.ts'

const schema = section({
  ...common(),
  type: z
    .literal('incident-io')
    .describe('Declares an incident in incident.io, and keeps its severity and summary up to date.'),
  token: secret('INCIDENT_IO_TOKEN', 'an API key that may view data, create incidents and edit them'),
  visibility: z
    .enum(['public', 'private'])
    .default('public')
    .describe('Who sees the incident in incident.io: everybody, or only those who are invited.'),
  mode: z
    .enum(['standard', 'test'])
    .default('standard')
    .describe('`test` marks incidents as tests, for an environment to practise in.'),
  url: httpUrl({ example: 'https://api.incident.io' })
    .default('https://api.incident.io')
    .describe('Address of the API.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const incidentIo = { schema, open: openIncidentIo }

/**
 * incident.io: one incident there for each here, by an idempotency key, edited as it goes on. The API closes none: people do.
 * https://docs.incident.io/api-reference/incidents-v2/create
 */
function openIncidentIo(settings: Settings, means: ChannelMeans): Channel {
  const { visibility, mode } = settings
  const headers = { authorization: `Bearer ${means.secret(settings.token)}` }
  return {
    isRepeatable: () => true,
    async send(notice, ids): Promise<Attempt> {
      let ranked: readonly string[] = []
      const listed = await post(
        means,
        { url: below(settings.url, '/v1/severities'), method: 'GET', headers },
        (reply) => {
          ranked = readSeverities(reply)
          return { outcome: 'delivered' }
        },
      )
      if (listed.outcome === 'failed') return listed
      const severity = severityIdOf(ranked, notice.incident.severity)
      const about = { name: subjectOf(notice).slice(0, 200), summary: summaryOf(notice), ...severity }
      const { id } = ids
      if (id !== undefined)
        return post(
          means,
          {
            url: below(settings.url, `/v2/incidents/${encodeURIComponent(id)}/actions/edit`),
            headers,
            body: { incident: about, notify_incident_channel: true },
          },
          (reply) => readIncident(reply),
        )
      const kind = notice.incident.rehearsal ? 'test' : mode
      const body = { idempotency_key: keyOf(notice), visibility, mode: kind, ...about }
      return post(means, { url: below(settings.url, '/v2/incidents'), headers, body }, (reply) =>
        readIncident(reply),
      )
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

const severitySchema = z.object({ id: z.string(), rank: z.number() })
const incidentSchema = z.object({ incident: z.object({ id: z.string().min(1) }) })

/** Ids by rank, the worst first; theirs is higher the worse it is. https://docs.incident.io/api-reference/severities-v1/list */
function readSeverities({ body }: Reply): readonly string[] {
  const { severities: listed } = readJson(body)
  if (!Array.isArray(listed)) return []
  return listed
    .flatMap((each: unknown) => {
      const { data } = severitySchema.safeParse(each)
      return data === undefined ? [] : [data]
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
  const { data } = incidentSchema.safeParse(readJson(body))
  return data === undefined
    ? { outcome: 'failed', because: 'the answer is not that of incident.io', retry: 'never' }
    : { outcome: 'delivered', message: { id: data.incident.id } }
}
