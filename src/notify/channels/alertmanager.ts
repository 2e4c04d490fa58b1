import { z } from 'zod'
import { type DeepReadonly, httpUrl, line, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, secret } from '../fields.ts'
import type { Notice } from '../notice.ts'
import { below, post } from '../post.ts'

const schema = section({
  ...common(),
  type: z.literal('alertmanager').describe('Raises an alert in Alertmanager, and ends it with the incident.'),
  url: httpUrl({ example: 'http://alertmanager:9093' }).describe('Address of Alertmanager.'),
  token: secret('ALERTMANAGER_AUTHORIZATION', 'the whole header `authorization`; default: none').optional(),
  labels: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a label; write one such as `team`'),
      line(),
    )
    .default({})
    .describe('More labels, for the routes of Alertmanager. Default: none.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const alertmanager = { schema, open: openAlertmanager }

/** An alert without an end is resolved by Alertmanager after five minutes, whatever is true. This one ends with the incident, or when nobody has touched it for so long. */
const firesForMs = 7 * 24 * 60 * 60_000

/**
 * Alertmanager's API v2: an alert for each level that is reached, which ends with the incident. The labels are the same each time,
 * so that it stays one alert. https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
function openAlertmanager({ url, token, labels }: Settings, means: ChannelMeans): Channel {
  const headers: Readonly<Record<string, string>> = token ? { authorization: means.secret(token) } : {}
  const address = below(url, '/api/v2/alerts')
  return {
    isRepeatable: () => true,
    // that it was taken does not say that a route leads to anybody
    send: (notice) =>
      post(means, { url: address, headers, body: writeAlerts(notice, labels) }, () => ({
        outcome: 'accepted',
      })),
  }
}

/** The alerts of all levels so far. */
function writeAlerts(notice: Notice, more: Readonly<Record<string, string>>) {
  const { incident, at, title, headline, repository, links } = notice
  const { openedAt, level, environment, status } = incident
  const endsAt = status === 'resolved' ? at : new Date(Date.parse(openedAt) + firesForMs).toISOString()
  return Array.from({ length: level }, (_, index) => ({
    labels: {
      ...more,
      alertname: 'DeploymentIncident',
      incident: incident.incident,
      environment,
      repository,
      level: String(index + 1),
    },
    annotations: {
      summary: title,
      description: headline,
      severity: incident.severity,
      status,
      ...(incident.acknowledged && { acknowledged_by: incident.acknowledged.by }),
    },
    startsAt: openedAt,
    endsAt,
    generatorURL: links[0]?.url ?? notice.repositoryUrl,
  }))
}
