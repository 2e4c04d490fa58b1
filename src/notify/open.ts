import type { Channel, ChannelMeans } from './channel.ts'
import { openAlertmanager } from './channels/alertmanager.ts'
import { openEmail } from './channels/email.ts'
import { openPagerDuty } from './channels/pagerduty.ts'
import { openSlack } from './channels/slack.ts'
import { openSlackBot } from './channels/slack-bot.ts'
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
    case 'pagerduty':
      return openPagerDuty(settings, means)
  }
}
