import { isUserFacing, message } from '../../errors.ts'
import type { Responded } from '../../incident/carry-out.ts'
import { mentionPeople } from '../../issueops/mention.ts'
import type { Workplace } from '../wiring.ts'
import type { IncidentStep } from './contract.ts'

/** Mentions the people of the level; that this is not possible fails no escalation. */
export async function mention(
  { log, explain }: IncidentStep,
  { repository, config, readHistory }: Workplace,
  { incident, changed }: Responded,
): Promise<void> {
  const { people = [] } = config.incident.levels[incident.level - 1] ?? {}
  if (!changed) return
  try {
    await mentionPeople(repository, await readHistory(), incident, people)
  } catch (error) {
    if (!isUserFacing(error)) throw error
    log.warning(`the people of level ${incident.level} are not mentioned: ${explain(message`${error}`)}`)
  }
}
