import type { Event } from '../history/event.ts'
import { shortRevision } from '../text/revision.ts'
import { type Assessment, wasFailing } from './assessment.ts'
import { deployedView, type Plan, viewsOf } from './plan.ts'
import type { Production } from './production.ts'
import type { FindRestored } from './redeployment.ts'

/** What is checked once every layer is rolled back. */
export interface Afterwards {
  readonly findRestored: FindRestored | undefined
  readonly production: Production
  /** all events of the incident so far, oldest first */
  readonly events: readonly Event[]
}

/** Whether an incident is over, according to the current state. */
export interface Standing {
  readonly isOver: boolean
  /** a deployment of the restored revision was found */
  readonly isDeployed: boolean
  /** one clause: what was checked, and what was not */
  readonly because: string
  readonly assessment: Assessment | undefined
}

/** Why nobody can say whether the restored revision is deployed. */
export function sayUnreadable({ because }: { readonly because: string }): string {
  return `whether the restored revision is deployed could not be read: ${because}`
}

/**
 * Looks whether an incident whose layers are all back is over: whether the restored revision is deployed, and whether production
 * is well. That an earlier run ended is no answer.
 */
export async function lookAfterwards(
  plan: Plan,
  { findRestored, production, events }: Afterwards,
): Promise<Standing> {
  const deployed = deployedView(plan)
  const served = deployed?.deploys ?? []
  const [commit, ...alike] = served
  const [restored, assessment] = await Promise.all([
    commit === undefined ? undefined : findRestored?.(commit, alike),
    production.assess(served),
  ])
  const said = viewsOf(plan).flatMap((view) => {
    const now = view.layer === deployed?.layer ? commit : view.now
    return now === undefined ? [] : [`${view.layer} is at ${shortRevision(now)}`]
  })
  if (restored === undefined)
    said.push(
      commit === undefined || findRestored === undefined
        ? 'nothing was deployed by this run'
        : 'its deployment was not checked',
    )
  else
    said.push(
      restored.state === 'deployed'
        ? restored.evidence
        : restored.state === 'unreadable'
          ? sayUnreadable(restored)
          : `${commit?.slice(0, 7)} is ${restored.state === 'superseded' ? 'not what was deployed last' : 'not deployed'}`,
    )
  said.push(
    assessment === undefined
      ? `production was not checked: ${production.unseen}`
      : `production is ${assessment.verdict}: ${assessment.because}`,
  )
  const isDeployed = restored?.state === 'deployed'
  // where no deployment shows it: if production was failing and is healthy again, the restored revision is deployed
  const isShown = commit === undefined || production.isHandedOver || wasFailing(events)
  const isMissing = restored === undefined ? !isShown : !isDeployed
  const isWell = assessment === undefined ? production.isHandedOver : assessment.verdict === 'healthy'
  return { isOver: !isMissing && isWell, isDeployed, because: said.join('; '), assessment }
}
