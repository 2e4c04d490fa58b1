import type { Channel, ChannelMeans } from '../channel.ts'
import type { Notice } from '../notice.ts'
import { post } from '../post.ts'
import type { SettingsOf } from '../settings.ts'

/** An alert without an end is resolved by Alertmanager after five minutes, whatever is true. This one ends with the incident, or when nobody has touched it for so long. */
const firesForMs = 7 * 24 * 60 * 60_000

/**
 * Alertmanager's API v2: an alert for each level that is reached, which ends with the incident. The labels are the same each time,
 * so that it stays one alert. https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
export function openAlertmanager(
  { url, token, labels }: SettingsOf<'alertmanager'>,
  means: ChannelMeans,
): Channel {
  const headers: Readonly<Record<string, string>> = token ? { authorization: means.secret(token) } : {}
  const address = `${url.replace(/\/+$/, '')}/api/v2/alerts`
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
export function writeAlerts(notice: Notice, more: Readonly<Record<string, string>>) {
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
