import { z } from 'zod'
import type { Change } from '../../incident/incident.ts'
import { type UserText, userTextOf } from '../../incident/user-text.ts'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Severity } from '../../text/severity.ts'
import type { Attempt, Channel, ChannelMeans, MessageIds } from '../channel.ts'
import { common, secret } from '../fields.ts'
import type { Notice } from '../notice.ts'
import { below, idsAt, idsOf, type Post, post, type Reply, readJson } from '../post.ts'

/** What a status page shows is for the public: by default a person publishes it. */
const publicTopics = ['opened', 'rollback-started', 'rollback-ended', 'not-recovered', 'resolved'] as const
const { rehearsals: _, ...usual } = common()
const statusPage = (page: string) => ({
  ...usual,
  events: z
    .array(z.enum(['published', ...publicTopics]))
    .default(['published'])
    .describe(
      'What is published. By default, only what a person publishes with `/publish`. With `opened`, `rollback-started`, `rollback-ended`, `not-recovered` or `resolved`, drafts are published automatically.',
    ),
  page: z
    .string()
    .regex(/^[A-Za-z0-9]{6,40}$/, `is not the id of a page; write one such as \`${page}\``)
    .describe(`Id of the page, such as \`${page}\`.`),
  components: z
    .array(z.string().regex(/^[A-Za-z0-9]{6,40}$/, 'is not the id of a component'))
    .default([])
    .describe('Ids of the components that are affected while the incident is open. Default: none.'),
  subscribers: z.boolean().default(true).describe('Whether the subscribers of the page are notified.'),
})

const statuspageSchema = section({
  ...statusPage('qfn30z5r6s5h'),
  type: z.literal('statuspage').describe('Publishes texts for users on Atlassian Statuspage.'),
  token: secret('STATUSPAGE_TOKEN', 'an API key'),
  url: httpUrl({ example: 'https://api.statuspage.io' })
    .default('https://api.statuspage.io')
    .describe('Address of the API.'),
})
type StatuspageSettings = DeepReadonly<z.output<typeof statuspageSchema>>

export const statuspage = { schema: statuspageSchema, open: openStatuspage, isNews }

const instatusSchema = section({
  ...statusPage('ckf01fonve9i40a32oas5b0uw'),
  type: z.literal('instatus').describe('Publishes texts for users on Instatus.'),
  token: secret('INSTATUS_TOKEN', 'an API key'),
  url: httpUrl({ example: 'https://api.instatus.com' })
    .default('https://api.instatus.com')
    .describe('Address of the API.'),
})
type InstatusSettings = DeepReadonly<z.output<typeof instatusSchema>>

export const instatus = { schema: instatusSchema, open: openInstatus, isNews }

const impacts: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'major',
  medium: 'minor',
  low: 'none',
}

/**
 * Atlassian Statuspage: one incident there for each here, with an update for each text. https://developer.statuspage.io/#tag/incidents
 */
function openStatuspage(settings: StatuspageSettings, means: ChannelMeans): Channel {
  const { page, components, subscribers } = settings
  const headers = { authorization: `OAuth ${means.secret(settings.token)}` }
  const address = below(settings.url, `/v1/pages/${page}/incidents`)
  return pageChannel(page, means, ({ title, text, status }, { incident: { severity } }, id) => {
    const isOver = status === 'resolved'
    const incident = {
      ...{ name: title, status, body: text, deliver_notifications: subscribers },
      ...(id === undefined && { impact_override: impacts[severity] }),
      ...(components.length > 0 && {
        component_ids: components,
        components: Object.fromEntries(
          components.map((each) => [each, isOver ? 'operational' : outages[severity].toLowerCase()]),
        ),
      }),
    }
    return id === undefined
      ? { url: address, headers, body: { incident } }
      : { url: `${address}/${encodeURIComponent(id)}`, method: 'PATCH', headers, body: { incident } }
  })
}

const outages: Readonly<Record<Severity, string>> = {
  critical: 'MAJOR_OUTAGE',
  high: 'PARTIAL_OUTAGE',
  medium: 'DEGRADED_PERFORMANCE',
  low: 'DEGRADED_PERFORMANCE',
}

/** Instatus: the same. https://instatus.com/help/api/incidents */
function openInstatus(settings: InstatusSettings, means: ChannelMeans): Channel {
  const { page, components, subscribers } = settings
  const headers = { authorization: `Bearer ${means.secret(settings.token)}` }
  const address = below(settings.url, `/v1/${page}/incidents`)
  return pageChannel(page, means, ({ title, text, status }, { at, incident: { severity, openedAt } }, id) => {
    const isOver = status === 'resolved'
    const shown = isOver ? 'OPERATIONAL' : outages[severity].replace('_', '')
    const body = {
      ...{ message: text, status: status.toUpperCase(), notify: subscribers, components },
      statuses: components.map((each) => ({ id: each, status: shown })),
      started: id === undefined ? openedAt : at,
    }
    return id === undefined
      ? { url: address, headers, body: { name: title, ...body } }
      : { url: `${address}/${encodeURIComponent(id)}/incident-updates`, headers, body }
  })
}

/** @param write the request of a text: the first, or one to the incident of an id */
function pageChannel(
  page: string,
  means: ChannelMeans,
  write: (text: UserText, notice: Notice, id: string | undefined) => Post,
): Channel {
  return {
    // a text that is sent twice is read twice
    isRepeatable: () => false,
    send: (notice, known) => {
      const { id } = idsAt({ page }, known)
      const text = publicText(notice, means.service)
      return post(means, write(text, notice, id), (reply) => readPage(reply, page, id))
    },
  }
}

/** What a person wrote, or the draft of how the incident stands. */
function publicText({ event, incident, past }: Notice, service: string): UserText {
  if (event.kind !== 'incident-published') return userTextOf(incident, service, past)
  const { title, text, status } = event
  return { title, text, status }
}

/** @param known the id of the page's incident; an update has its own */
function readPage({ body }: Reply, page: string, known: string | undefined): Attempt {
  const answer = readJson(body)
  if (typeof answer['id'] !== 'string')
    return { outcome: 'failed', because: 'the answer is not that of a status page', retry: 'never' }
  const message: MessageIds = idsOf({ page, id: known ?? answer['id'] })
  return { outcome: 'delivered', message }
}

/** The end of a rollback after the recovery: users have read that it is over. */
function isNews({ event, after }: Change): boolean {
  return event.kind !== 'rollback-ended' || after.status !== 'resolved'
}
