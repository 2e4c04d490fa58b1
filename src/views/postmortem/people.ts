import type { RootContent } from 'mdast'
import { sayDuration } from '../../text/duration.ts'
import { bulletList, heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { draftActions } from './action-items.ts'
import { clip } from './clip.ts'
import { clockOf } from './clock.ts'
import { type Evidence, noEvidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { draftReview } from './review.ts'

/**
 * The part that people write: questions, some of them made of the facts. Made once, with the issue; never touched again.
 * @param reviewWithinMs in what time it is to be reviewed; undefined where nobody has said
 */
export function writePeopleSection(
  facts: IncidentFacts,
  evidence: Evidence = noEvidence,
  reviewWithinMs?: number,
): string {
  const blocks: readonly RootContent[] = [
    heading(2, 'Impact in words'),
    heading(3, 'Users'),
    paragraph('Who noticed what, for how long? Numbers if there are any.'),
    heading(3, 'Business'),
    paragraph('What did it cost: orders, revenue, support requests, promises to customers?'),
    heading(3, 'Systems'),
    paragraph('Which other systems and teams were affected? Is any data wrong or lost?'),
    heading(2, 'Root causes and trigger'),
    paragraph('What made this possible, and what set it off? There is rarely only one cause.'),
    heading(2, 'Lessons'),
    heading(3, 'What went well'),
    questions(wellOf(facts), 'What worked as it should?'),
    heading(3, 'What went wrong'),
    questions(badlyOf(facts, evidence), 'What took longer than it should have?'),
    heading(3, 'Where we were lucky'),
    questions(luckyOf(facts), 'What could have made it worse?'),
    heading(2, 'Action items'),
    paragraph(
      'One line each, with kind (prevent, mitigate or process), owner and due date in parentheses at the end. To create a sub-issue for each, run postmortem-issue with the operation sub-issues.',
    ),
    draftActions(facts, evidence),
    heading(2, 'Prevention'),
    paragraph('Short term: what keeps this fault from coming back this week?'),
    paragraph('Long term: what keeps this kind of fault from reaching production?'),
    heading(2, 'Process'),
    paragraph('What worked in the response? What needs to improve? What do you recommend?'),
    heading(2, 'Follow-ups'),
    paragraph('What is left to find out, to tell customers, or to clean up?'),
    heading(2, 'Sign-off'),
    paragraph('Who reviewed this, and when?'),
    ...(reviewWithinMs === undefined ? [] : [draftReview(facts, reviewWithinMs)]),
  ]
  return renderMarkdown(blocks.map(clip))
}

function questions(found: readonly string[], last: string): RootContent {
  return bulletList([...found, last].map((each) => [text(each)]))
}

function wellOf({ detection, rollbacks, recovery }: IncidentFacts): readonly string[] {
  return [
    ...(detection === undefined ? [] : ['A check detected it. Would it have noticed a smaller fault, too?']),
    ...(rollbacks.some(({ automatic }) => automatic)
      ? ['The rollback started automatically. Was everyone notified who needed to know?']
      : []),
    ...(recovery?.outcome === 'recovered'
      ? ['The recovery was verified. How would you have known without it?']
      : []),
  ]
}

function badlyOf(facts: IncidentFacts, evidence: Evidence): readonly string[] {
  const { deployedAt, firstBadAt, detectedAt } = clockOf(facts, evidence)
  const start = deployedAt ?? firstBadAt
  const waited = start === undefined || detectedAt === undefined ? undefined : detectedAt - start
  const { detection, failures, recovery, ended } = facts
  const silent = (detection?.checks ?? []).filter(({ state }) => state === 'ok').map(({ name }) => name)
  const [slowest] = Object.entries(ended?.phases ?? {}).toSorted(([, a], [, b]) => b - a)
  return [
    ...(detection === undefined ? ['No check detected it. Which check would have?'] : []),
    ...(waited !== undefined && waited > 0
      ? [`It took ${sayDuration(waited)} to notice. What would have detected it sooner?`]
      : []),
    ...(silent.length > 0 ? [`Why did ${silent.slice(0, 5).join(', ')} not notice it?`] : []),
    ...failures
      .slice(-3)
      .map(
        ({ layer, because }) =>
          `What must change so that the rollback of ${layer} is not stopped again (${because})?`,
      ),
    ...(recovery?.outcome === 'not-recovered' ? ['Why did the rollback not help?'] : []),
    ...(slowest === undefined
      ? []
      : [
          `The slowest phase of the rollback was ${slowest[0]} (${sayDuration(slowest[1])}). Can it be shorter?`,
        ]),
  ]
}

function luckyOf({ rollbacks, detection }: IncidentFacts): readonly string[] {
  const time = new Date(detection?.at ?? rollbacks[0]?.at ?? 0).toISOString().slice(11, 16)
  const database = rollbacks.find(({ layer }) => layer === 'database')
  return [
    `It happened at ${time} UTC. What if it had been your busiest hour?`,
    ...(database === undefined ? [] : ['The database could be restored. What if rows had been lost?']),
  ]
}
