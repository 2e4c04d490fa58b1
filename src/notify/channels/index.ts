import { alertmanager } from './alertmanager.ts'
import { cdevents } from './cdevents.ts'
import { discord } from './discord.ts'
import { email } from './email.ts'
import { incidentIo } from './incident-io.ts'
import { matrix } from './matrix.ts'
import { mattermost } from './mattermost.ts'
import { ntfy } from './ntfy.ts'
import { opentelemetry } from './opentelemetry.ts'
import { pagerduty } from './pagerduty.ts'
import { slack } from './slack.ts'
import { slackBot } from './slack-bot.ts'
import { instatus, statuspage } from './status-page.ts'
import { teams } from './teams.ts'
import { webhook } from './webhook.ts'

/** All types of channels, by their names in the settings. A new one is a file here and a line. */
export const channelTypes = {
  webhook,
  slack,
  'slack-bot': slackBot,
  email,
  alertmanager,
  pagerduty,
  teams,
  discord,
  mattermost,
  ntfy,
  matrix,
  cdevents,
  statuspage,
  instatus,
  'incident-io': incidentIo,
  opentelemetry,
}
