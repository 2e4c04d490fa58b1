import { InputError, message, setting } from '../../errors.ts'
import { sayDuration } from '../../text/duration.ts'
import { paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { draftActions } from './action-items.ts'
import { clip } from './clip.ts'
import { type Clock, clockOf, measuresOf } from './clock.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { mainRollback, utc } from './links.ts'

/** The variables of a template, and what each stands for. */
export const templateVariables = {
  incident: 'id of the incident',
  environment: 'its environment',
  revision: 'the failed revision',
  restored: 'what was gone back to; empty where nothing was',
  status: 'how the rollback stands, such as `rolled back`',
  severity: 'critical, high, medium or low; empty where nobody and no check says',
  detected: 'when a check called it, UTC; empty where none did',
  reason: 'why it was rolled back, or called',
  'time-to-detect': 'from the deployment to the detection; empty where one of the two is not known',
  'time-to-roll-back': 'from the detection to the rollback of the last layer',
  'time-to-recover': 'from the deployment to the verified recovery',
  'action-items': 'the list of suggested action items, on lines of its own',
} as const

/** GitHub takes 65,536 characters for the whole issue, and what is generated needs room, too. */
const longestTemplate = 30_000

/**
 * The people's part of a post-mortem by the user's own template: `{{ environment }}` and the other variables are filled in. Values
 * are escaped, so that no text of a commit or a server is markup.
 * @throws InputError for an unknown variable, and for a template that is too long
 */
export function fillTemplate(template: string, facts: IncidentFacts, evidence: Evidence): string {
  if (template.length > longestTemplate)
    throw new InputError(
      message`${setting('postmortem.template')} names a file of ${template.length} characters; write at most ${longestTemplate}`,
    )
  const values = valuesOf(facts, clockOf(facts, evidence))
  const filled = template.replace(/\{\{([^{}]*)\}\}/g, (_, written: string) => {
    const name = written.trim()
    if (name === 'action-items') return renderMarkdown([clip(draftActions(facts, evidence))]).trimEnd()
    const value = values.get(name)
    if (value === undefined)
      throw new InputError(
        message`${setting('postmortem.template')} names a file with the unknown variable {{ ${name.slice(0, 60)} }}; write one of ${Object.keys(templateVariables).join(', ')}`,
      )
    return renderMarkdown([clip(paragraph(text(value)))]).trimEnd()
  })
  return filled.endsWith('\n') ? filled : `${filled}\n`
}

function valuesOf(facts: IncidentFacts, clock: Clock): ReadonlyMap<string, string> {
  const { incident, environment, revision, status, incidentNow, detection, rollbacks } = facts
  const last = mainRollback(rollbacks)
  const measures = measuresOf(clock)
  const took = (name: string) => {
    const found = measures.find((each) => each.name === name)
    return found === undefined ? '' : sayDuration(found.ms)
  }
  const values: Readonly<Record<Exclude<keyof typeof templateVariables, 'action-items'>, string>> = {
    ...{ incident, environment, revision, status },
    restored: last?.to ?? '',
    severity: incidentNow?.severity ?? '',
    detected: detection === undefined ? '' : `${utc(detection.at)} UTC`,
    reason: (last?.reason ?? detection?.because ?? '').replace(/\s+/g, ' '),
    'time-to-detect': took('Time to detect'),
    'time-to-roll-back': took('Time to roll back'),
    'time-to-recover': took('Time to recover'),
  }
  return new Map(Object.entries(values))
}
