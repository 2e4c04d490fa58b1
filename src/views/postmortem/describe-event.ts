import type { PhrasingContent } from 'mdast'
import type { Event } from '../../history/event.ts'
import { code, link, revision, strong, text } from '../../text/markdown.ts'

/** What an event of a timeline says, on one line. */
export function describeEvent(event: Event): PhrasingContent[] {
  switch (event.kind) {
    case 'health-checked':
      return [text('health gate: '), strong(event.verdict), text(`, ${event.because}`)]
    case 'rollback-applied': {
      return [
        text(`${event.layer} rolled back: `),
        revision(event.from),
        text(' → '),
        revision(event.to),
        ...(event.now === event.to ? [] : [text(', now at '), revision(event.now)]),
        ...(event.tag === undefined ? [] : [text(', tag '), code(event.tag)]),
      ]
    }
    case 'rollback-proposed':
      return [
        text(`${event.layer} to be rolled back: `),
        revision(event.from),
        text(' → '),
        revision(event.to),
        text(', when '),
        link(event.url, `#${event.pull}`),
        text(' is merged'),
      ]
    case 'rollback-failed':
      return [text(`${event.layer} not rolled back (${event.reasonCode}): ${event.because}`)]
    case 'rollback-undone':
      return [text(`the rollback of ${event.layer} was undone: ${event.because}`)]
    case 'rollback-planned':
      return [text(`a rollback of ${event.layers.map(({ layer }) => layer).join(', ')} was planned`)]
    case 'rollback-began':
      return [text(`the rollback of ${event.layers.map(({ layer }) => layer).join(', ')} began`)]
    case 'revision-deployed':
      return [revision(event.deployed), text(' was deployed by '), link(event.url, code(event.workflow))]
    case 'deployment-recorded':
      return [text(`deployment ${event.outcome}`)]
    case 'recovery-verified':
      return [text('production: '), strong(event.outcome), text(`; ${event.because}`)]
    case 'impact-assessed':
      return [text(`what users noticed: ${event.because}`)]
    case 'rollback-requested':
      return [code(event.workflow), text(` to roll back: ${event.outcome}, ${event.because}`)]
    case 'rollback-ended':
      return [text('the rollback ended '), strong(event.outcome)]
    case 'hold-set':
      return [text(`automatic rollbacks were put on hold: ${event.because}`)]
    case 'hold-lifted':
      return [text(`automatic rollbacks were allowed again: ${event.because}`)]
    case 'postmortem-opened':
      return [text('this post-mortem was opened')]
    case 'incident-opened':
      return [text('incident opened, severity '), strong(event.severity), text(`: ${event.because}`)]
    case 'incident-severity-set':
      return [text('severity set to '), strong(event.severity), text(`: ${event.because}`)]
    case 'incident-acknowledged':
      return [text(`incident acknowledged: ${event.because}`)]
    case 'incident-escalated':
      return [text(`escalated to level ${event.level}: ${event.because}`)]
    case 'incident-resolved':
      return [text(`incident resolved: ${event.because}`)]
    case 'incident-noted':
      return [text(event.note)]
    case 'incident-published':
      return [text(`published for users (${event.status}): ${event.text}`)]
    case 'notification-sent':
      return [
        text(`notification of ${event.topic} to `),
        code(event.channel),
        text(': '),
        strong(event.outcome),
        text(event.because === '' ? '' : `, ${event.because}`),
      ]
  }
}
