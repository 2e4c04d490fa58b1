import type { Channel, ChannelMeans } from './channel.ts'
import { openAlertmanager } from './channels/alertmanager.ts'
import { openCDEvents } from './channels/cdevents.ts'
import { openDiscord } from './channels/discord.ts'
import { openEmail } from './channels/email.ts'
import { openIncidentIo } from './channels/incident-io.ts'
import { openMatrix } from './channels/matrix.ts'
import { openMattermost } from './channels/mattermost.ts'
import { openNtfy } from './channels/ntfy.ts'
import { openOpenTelemetry } from './channels/opentelemetry.ts'
import { openPagerDuty } from './channels/pagerduty.ts'
import { openSlack } from './channels/slack.ts'
import { openSlackBot } from './channels/slack-bot.ts'
import { openInstatus, openStatuspage } from './channels/status-page.ts'
import { openTeams } from './channels/teams.ts'
import { openWebhook } from './channels/webhook.ts'
import type { ChannelSettings } from './settings.ts'

/** Opens a channel by its settings; nothing is sent. @throws MissingVariableError */
export function openChannel(settings: ChannelSettings, means: ChannelMeans): Channel {
  switch (settings.type) {
    case 'webhook':
      return openWebhook(settings, means)
    case 'slack':
      return openSlack(settings, means)
    case 'slack-bot':
      return openSlackBot(settings, means)
    case 'email':
      return openEmail(settings, means)
    case 'alertmanager':
      return openAlertmanager(settings, means)
    case 'teams':
      return openTeams(settings, means)
    case 'discord':
      return openDiscord(settings, means)
    case 'mattermost':
      return openMattermost(settings, means)
    case 'ntfy':
      return openNtfy(settings, means)
    case 'matrix':
      return openMatrix(settings, means)
    case 'cdevents':
      return openCDEvents(settings, means)
    case 'incident-io':
      return openIncidentIo(settings, means)
    case 'statuspage':
      return openStatuspage(settings, means)
    case 'instatus':
      return openInstatus(settings, means)
    case 'opentelemetry':
      return openOpenTelemetry(settings, means)
    case 'pagerduty':
      return openPagerDuty(settings, means)
  }
}
