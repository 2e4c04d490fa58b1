import { isUserFacing, message } from '../errors.ts'
import type { Event } from '../history/event.ts'
import type { Responded } from '../incident/carry-out.ts'
import { type Incident, incidentOf } from '../incident/incident.ts'
import { mentionPeople } from '../issueops/mention.ts'
import type { Step } from '../runner/step.ts'
import type { Workplace } from './wiring.ts'

type MentioningStep = Pick<Step<Record<never, never>, string>, 'log' | 'explain'>

/** Mentions the people of the level that was reached. */
export async function mentionLevel(
  step: MentioningStep,
  workplace: Workplace,
  { incident, changed }: Responded,
): Promise<void> {
  if (changed) await mention(step, workplace, incident)
}

/** Mentions the people of the level that an incident is at when its issue is written, unless somebody works on it, or it is over. */
export async function mentionFirstLevel(
  step: MentioningStep,
  workplace: Workplace,
  id: string,
): Promise<void> {
  const events = await workplace.readHistory()
  const incident = incidentOf(events, id)
  if (incident?.status === 'open') await mention(step, workplace, incident, events)
}

/** Once a level; that this is not possible fails no escalation. @param known the history, where it was read already */
async function mention(
  { log, explain }: MentioningStep,
  { repository, config, readHistory }: Workplace,
  incident: Incident,
  known?: readonly Event[],
): Promise<void> {
  try {
    const events = known ?? (await readHistory())
    const reached = events.findLast(
      (event) =>
        event.kind === 'incident-escalated' &&
        event.incident === incident.incident &&
        event.level === incident.level,
    )
    // a schedule that was late reaches several levels at once
    const from = reached?.kind === 'incident-escalated' ? reached.after : incident.level - 1
    const people = config.incident.levels.slice(from, incident.level).flatMap((level) => level.people)
    await mentionPeople(repository, events, incident, [...new Set(people)])
  } catch (error) {
    if (!isUserFacing(error)) throw error
    log.warning(`the people of level ${incident.level} are not mentioned: ${explain(message`${error}`)}`)
  }
}
