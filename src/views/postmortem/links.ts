import type { PhrasingContent } from 'mdast'
import type { Responders } from '../../incident/issue-section.ts'
import { code, link, revision } from '../../text/markdown.ts'
import type { IncidentFacts } from './incident-facts.ts'
import type { Routes } from './places.ts'

/** Where a revision or a run can be looked at, and the code of a route. */
export interface Links {
  /** e.g. https://github.com/octo-org/shop */
  readonly repositoryUrl: string
  /** by the settings; absent for none */
  readonly routes?: Routes
  /** what the part about the response says beside the history; absent where it is left out */
  readonly responders?: Responders
}

/** One that had to be deployed, when there was one: the revision to deploy is what people look for. */
export function mainRollback(
  rollbacks: IncidentFacts['rollbacks'],
): IncidentFacts['rollbacks'][number] | undefined {
  return rollbacks.findLast(({ deploys }) => deploys !== undefined) ?? rollbacks.at(-1)
}

/** What is no commit, as a revert's revision or another layer's label, has no page. */
export function commitLink(sha: string, { repositoryUrl }: Links): PhrasingContent {
  if (!/^[0-9a-f]{40,64}$/.test(sha)) return code(sha)
  return link(`${repositoryUrl}/commit/${sha}`, revision(sha))
}

/** As people read a time; seconds are enough. */
export function utc(at: string | number): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 19)
}
