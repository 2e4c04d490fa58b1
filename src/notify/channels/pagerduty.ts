import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Severity } from '../../text/severity.ts'
import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { common, secret, usualTopics } from '../fields.ts'
import { briefOf, type Notice, subjectOf } from '../notice.ts'
import { below, post } from '../post.ts'

const schema = section({
  ...common([...usualTopics, 'layer-rolled-back', 'deployed']),
  type: z
    .literal('pagerduty')
    .describe('Triggers, acknowledges and resolves in PagerDuty, with change events (Events API v2).'),
  'routing-key': secret('PAGERDUTY_ROUTING_KEY', 'the integration key of the service'),
  url: httpUrl({ example: 'https://events.eu.pagerduty.com' })
    .default('https://events.pagerduty.com')
    .describe('Address of the events API; the EU has another.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const pagerduty = { schema, open: openPagerDuty }

const severities: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
}

/** The topics that are changes of production, and not of the incident. */
const changes: readonly Notice['topic'][] = ['layer-rolled-back', 'deployed']

/**
 * PagerDuty's Events API v2: an alert an incident, by its deduplication key, and a change event for each rollback and deployment. A
 * 202 says that it is enqueued, and no more. https://developer.pagerduty.com/docs/events-api-v2-overview
 */
function openPagerDuty(settings: Settings, means: ChannelMeans): Channel {
  const routingKey = means.secret(settings['routing-key'])
  const accepted = (): Attempt => ({ outcome: 'accepted' })
  return {
    // a change event that is sent twice is shown twice
    isRepeatable: ({ topic }) => !changes.includes(topic),
    send: (notice) =>
      changes.includes(notice.topic)
        ? post(
            means,
            { url: below(settings.url, '/v2/change/enqueue'), body: writeChange(notice, routingKey) },
            accepted,
          )
        : post(
            means,
            { url: below(settings.url, '/v2/enqueue'), body: writeAlert(notice, routingKey) },
            accepted,
          ),
  }
}

export function writeAlert(notice: Notice, routingKey: string) {
  const { topic, incident, repository, at } = notice
  // a trigger after the end would page people anew
  const isOver = incident.status === 'resolved'
  const action = isOver ? 'resolve' : topic === 'acknowledged' ? 'acknowledge' : 'trigger'
  const head = {
    routing_key: routingKey,
    event_action: action,
    dedup_key: `${repository}/${incident.incident}`.slice(-255),
  }
  if (action !== 'trigger') return head
  return {
    ...head,
    payload: {
      summary: `${subjectOf(notice)}: ${briefOf(notice)}`.slice(0, 1024),
      source: repository,
      severity: severities[incident.severity],
      timestamp: at,
      component: incident.environment,
      class: topic,
      custom_details: Object.fromEntries(notice.facts.map(({ label, value }) => [label, value])),
    },
    client: 'rollback',
    client_url: notice.links[0]?.url ?? notice.repositoryUrl,
    links: linksOf(notice),
  }
}

/** https://developer.pagerduty.com/docs/send-change-events */
function writeChange(notice: Notice, routingKey: string) {
  return {
    routing_key: routingKey,
    payload: {
      summary:
        `[${notice.repository}] ${notice.incident.rehearsal ? 'REHEARSAL: ' : ''}${notice.incident.environment}: ${notice.headline}`.slice(
          0,
          1024,
        ),
      source: notice.repository,
      timestamp: notice.at,
      custom_details: { incident: notice.incident.incident },
    },
    links: linksOf(notice),
  }
}

function linksOf({ links }: Notice) {
  return links.map(({ label, url }) => ({ href: url, text: label }))
}
