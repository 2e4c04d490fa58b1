import { InputError, message, setting } from '../../errors.ts'
import { sayDuration } from '../../text/duration.ts'
import { paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { draftActions } from './action-items.ts'
import { clip } from './clip.ts'
import { type Clock, clockOf, measuresOf } from './clock.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { mainRollback, utc } from './links.ts'
import { draftReview } from './review.ts'

/** The variables of a template, and what each stands for. */
export const templateVariables = {
  incident: 'id of the incident',
  environment: 'its environment',
  revision: 'the failed revision',
  restored: 'the restored revision; empty if nothing was restored',
  status: 'status of the rollback, such as `rolled back`',
  severity: 'critical, high, medium or low; empty if it is not known',
  detected: 'when a check detected the failure, UTC; empty if no check did',
  reason: 'why it was rolled back, or which check failed',
  'time-to-detect': 'from the deployment to the detection; empty if one of the two is not known',
  'time-to-roll-back': 'from the detection to the rollback of the last layer',
  'time-to-recover': 'from the deployment to the verified recovery',
  'action-items': 'the list of suggested action items, on separate lines',
  review:
    'the task to review the post-mortem, on a separate line; required with `postmortem.review-within`, and empty without it',
} as const

/** GitHub takes 65,536 characters for the whole issue, and what is generated needs room, too. */
const longestTemplate = 30_000

/**
 * The people's part of a post-mortem by the user's own template: `{{ environment }}` and the other variables are filled in. Values
 * are escaped, so that no text of a commit or a server is markup.
 * @param reviewWithinMs in what time it is to be reviewed; undefined where nobody has said
 * @throws InputError for an unknown variable, a template that is too long, and one without the review that the settings ask for
 */
export function fillTemplate(
  template: string,
  facts: IncidentFacts,
  evidence: Evidence,
  reviewWithinMs?: number,
): string {
  if (template.length > longestTemplate)
    throw new InputError(
      message`${setting('postmortem.template')} names a file of ${template.length} characters; write at most ${longestTemplate}`,
    )
  if (reviewWithinMs !== undefined && !/\{\{\s*review\s*\}\}/.test(template))
    throw new InputError(
      message`${setting('postmortem.review-within')} is set, and the file that ${setting('postmortem.template')} names has no line {{ review }}; add one`,
    )
  const values = valuesOf(facts, clockOf(facts, evidence))
  const filled = template.replace(/\{\{([^{}]*)\}\}/g, (_, written: string) => {
    const name = written.trim()
    if (name === 'action-items') return renderMarkdown([clip(draftActions(facts, evidence))]).trimEnd()
    if (name === 'review')
      return reviewWithinMs === undefined
        ? ''
        : renderMarkdown([clip(draftReview(facts, reviewWithinMs))]).trimEnd()
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
  const values: Readonly<Record<Exclude<keyof typeof templateVariables, 'action-items' | 'review'>, string>> =
    {
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
