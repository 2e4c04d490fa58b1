import type { Repository } from '../github/client.ts'
import { type Commit, listCommits } from '../github/commits.ts'
import type { LoggedDeployment } from '../github/deployment-log.ts'
import { defaultBranch } from '../github/repository.ts'
import { type Event, newEvent } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'
import { readTrailers, writeRevertGoal } from '../layers/code/message.ts'
import type { Found, Past } from './tags.ts'

/** Of a hundred commits. */
const mostPages = 10

/**
 * The reverts of deployed revisions. A revert commit alone says neither that something had failed nor where: it counts in an
 * environment to which GitHub has a deployment of the reverted commit and, later, one of the revert itself.
 */
export async function importReverts(repository: Repository, past: Past): Promise<Found> {
  const { commits, isAll } = await readCommits(repository, past.since)
  const reverts = commits.flatMap((commit) => {
    const [, reverted] = /^This reverts commit ([0-9a-f]{40})\b/m.exec(commit.message) ?? []
    // those that a rollback made have a tag
    const isOurs = readTrailers(commit.message).has('Rollback-Incident')
    return reverted === undefined || isOurs ? [] : [{ commit, reverted }]
  })
  const ids = new Set(reverts.map(({ commit }) => commit.sha))
  const made = reverts
    // one that brings back what was reverted is no rollback
    .filter(({ reverted }) => !ids.has(reverted))
    .map((each) => eventsOf(each, past))
  const byPull = commits.filter(({ message }) => /^Reverts [\w.-]+\/[\w.-]+#\d+\s*$/m.test(message))
  const unnamed = byPull.filter(({ sha }) => !ids.has(sha)).length
  const unknown = made.filter((own) => own === 'not-deployed').length
  return {
    events: made.flatMap((own) => (own === 'not-deployed' ? [] : own)),
    left: [
      ...(unknown === 0
        ? []
        : [
            `${unknown} revert commits: no deployment of the reverted commit and then of the revert is known`,
          ]),
      ...(unnamed === 0 ? [] : [`${unnamed} revert commits: they name a pull request instead of a commit`]),
      ...(isAll ? [] : [`revert commits before the newest ${mostPages * 100} commits`]),
    ],
  }
}

async function readCommits(
  repository: Repository,
  since: Date,
): Promise<{ readonly commits: readonly Commit[]; readonly isAll: boolean }> {
  const branch = await defaultBranch(repository)
  const commits: Commit[] = []
  for (let page = 1; page <= mostPages; page += 1) {
    const listed = await listCommits(repository, { branch, count: 100, page })
    commits.push(...listed.filter(({ committedAt }) => committedAt >= since))
    if (listed.length < 100 || listed.every(({ committedAt }) => committedAt < since))
      return { commits, isAll: true }
  }
  return { commits, isAll: false }
}

function eventsOf(
  { commit, reverted: revision }: { readonly commit: Commit; readonly reverted: string },
  { events, deployments }: Past,
): readonly Event[] | 'not-deployed' {
  const first = (sha: string, environment: string) => firstDeployment(deployments, sha, environment)
  const places = [...new Set(deployments.map(({ environment }) => environment))].flatMap((environment) => {
    const [before, after] = [first(revision, environment), first(commit.sha, environment)]
    const isTakenBack = before !== undefined && after !== undefined && before < after
    return isTakenBack ? [{ environment, at: after.toISOString() }] : []
  })
  if (places.length === 0) return 'not-deployed'
  return places.flatMap(({ environment, at }): readonly Event[] => {
    const incident = incidentId({ environment, revision })
    const isKnown = events.some((event) => event.incident === incident && rollbackKinds.has(event.kind))
    if (isKnown) return []
    return [
      newEvent(
        {
          ...{ kind: 'rollback-applied', layer: 'code', imported: true, incident, environment, revision },
          ...{ from: revision, to: writeRevertGoal([{ sha: revision }]), now: commit.sha },
          reason: (commit.message.split('\n')[0] ?? '').slice(0, 200),
          targetFoundBy: 'a revert commit',
          ...{ undone: [], at, actor: commit.author || 'unknown' },
        },
        ['imported', commit.sha],
      ),
    ]
  })
}

const rollbackKinds: ReadonlySet<Event['kind']> = new Set([
  'rollback-began',
  'rollback-applied',
  'rollback-proposed',
  'rollback-failed',
  'rollback-ended',
])

function firstDeployment(
  deployments: readonly LoggedDeployment[],
  revision: string,
  environment: string,
): Date | undefined {
  return deployments
    .flatMap((each) =>
      each.revision === revision && each.environment === environment ? (each.succeededAt ?? []) : [],
    )
    .sort((a, b) => a.getTime() - b.getTime())[0]
}
