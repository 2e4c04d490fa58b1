import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Event, EventOf } from '../../history/event.ts'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { common, secret, webhookUrl } from '../fields.ts'
import type { Notice } from '../notice.ts'
import { post } from '../post.ts'

const schema = section({
  ...common(),
  events: z
    .array(z.enum(['opened', 'layer-rolled-back', 'deployed', 'resolved']))
    .default(['opened', 'layer-rolled-back', 'deployed', 'resolved'])
    .describe('What is sent: the topics for which CDEvents has an event. Default: all of them.'),
  type: z
    .literal('cdevents')
    .describe('Sends CDEvents as CloudEvents over HTTP, for brokers and other tools.'),
  url: webhookUrl('CDEVENTS_URL'),
  token: secret('CDEVENTS_AUTHORIZATION', 'the whole header `authorization`; default: none').optional(),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const cdevents = { schema, open: openCDEvents }

/**
 * CDEvents 0.5.1 as CloudEvents over HTTP, binary mode: https://cdevents.dev, https://github.com/cloudevents/spec. The id is that of the event, the
 * same each time it is sent, so that receivers know it again. What CDEvents has no word for is not sent.
 */
function openCDEvents({ url, token }: Settings, means: ChannelMeans): Channel {
  const address = means.secret(url)
  const headers: Readonly<Record<string, string>> = token ? { authorization: means.secret(token) } : {}
  return {
    isRepeatable: () => true,
    send: async (notice): Promise<Attempt> => {
      const event = writeCDEvent(notice)
      if (event === undefined)
        return { outcome: 'failed', because: `CDEvents has no event for ${notice.topic}`, retry: 'never' }
      const { id, type, source, timestamp } = event.context
      const cloud = {
        'ce-specversion': '1.0',
        'ce-id': id,
        'ce-type': type,
        'ce-source': source,
        'ce-time': timestamp,
        'ce-subject': event.subject.id,
      }
      return post(means, { url: address, headers: { ...headers, ...cloud }, body: event }, () => ({
        outcome: 'accepted',
      }))
    },
  }
}

/** @returns undefined for a topic that has no CDEvent */
export function writeCDEvent(notice: Notice) {
  const { topic, event, incident, repository, repositoryUrl, headline } = notice
  const found = bodyOf(topic, event, notice)
  if (found === undefined) return undefined
  const { type, id, content } = found
  const environment = { id: incident.environment, source: repositoryUrl }
  return {
    context: {
      specversion: '0.5.1',
      id: event.id,
      source: repositoryUrl,
      type: `dev.cdevents.${type}.0.3.0`,
      timestamp: event.at,
      // one an incident, the same in every run
      chainId: uuidOf(`${repository}/${incident.incident}/${incident.episode}`),
    },
    subject: { id, source: repositoryUrl, content: { environment, ...content } },
    customData: {
      headline,
      incident: incident.incident,
      severity: incident.severity,
      status: incident.status,
      ...(incident.rehearsal && { rehearsal: true }),
      ...(event.run && { run: event.run.url }),
    },
    customDataContentType: 'application/json',
  }
}

function bodyOf(
  topic: Notice['topic'],
  event: Event,
  { incident, repository, headline, repositoryUrl, links }: Notice,
) {
  const purl = (revision: string) => `pkg:github/${repository}@${revision}`
  const service = { id: repository, source: repositoryUrl }
  const about = { description: headline, service, artifactId: purl(incident.revision) }
  if (topic === 'opened' && !incident.reported)
    return { type: 'incident.detected', id: incident.incident, content: about }
  if (topic === 'opened') {
    // its ticket is the issue, where there is one by then
    const ticketURI = links[0]?.url ?? repositoryUrl
    return { type: 'incident.reported', id: incident.incident, content: { ...about, ticketURI } }
  }
  if (topic === 'resolved') return { type: 'incident.resolved', id: incident.incident, content: about }
  if (event.kind === 'rollback-applied')
    return {
      type: 'service.rolledback',
      id: `${repository}/${event.layer}`,
      content: { artifactId: event.layer === 'code' ? purl(event.now) : purlOfLayer(repository, event) },
    }
  if (event.kind === 'revision-deployed')
    return { type: 'service.deployed', id: repository, content: { artifactId: purl(event.deployed) } }
  return undefined
}

/**
 * What a layer other than the code consists of now; CDEvents wants an artifact, as a package URL. `generic` is for what no package
 * manager has: https://github.com/package-url/purl-spec/blob/main/types/generic-definition.json
 */
function purlOfLayer(repository: string, { layer, now }: EventOf<'rollback-applied'>): string {
  const version = now === '' ? '' : `@${encodeURIComponent(now)}`
  return `pkg:generic/${repository.split('/').map(encodeURIComponent).join('/')}/${layer}${version}`
}

/** A UUID of version 8, made of a text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
