import type { Collected, DeploymentFact } from './collect.ts'
import type { Redeployment } from './redeployments.ts'
import type { Rollback } from './rollbacks.ts'

/** From the beginning of a rehearsal until the next rollback of its incident began, ms since the epoch. */
interface Window {
  readonly from: number
  readonly to: number
}

/**
 * The deployments that rehearsals made: of the restored revision, and of the newest one once it was taken back. Nothing was
 * failing and nothing was changed, so that they are neither deployments nor rework to DORA.
 */
export class Rehearsed {
  readonly #windows = new Map<number, Window[]>()
  readonly #spans = new Map<string, Window[]>()
  readonly #revisions = new Set<string>()

  /** @param rollbacks of an incident, oldest first, with its rehearsals */
  note(rollbacks: readonly Rollback[]): void {
    rollbacks.forEach(({ incident, at: from, isRehearsal }, index) => {
      if (!isRehearsal) return
      const own = this.#windows.get(incident) ?? []
      this.#windows.set(incident, own)
      own.push({ from, to: rollbacks[index + 1]?.at ?? Number.POSITIVE_INFINITY })
    })
  }

  /** Takes in the deployments that the history knows of, once every incident was noted. */
  noteDeployments(redeployments: Collected['redeployments']): void {
    if (this.#windows.size === 0) return
    for (const each of redeployments) {
      const window = this.#windowOf(each.incident, each.at)
      if (window === undefined) continue
      const place = placeOf(each)
      const spans = this.#spans.get(place) ?? []
      this.#spans.set(place, spans)
      spans.push({ from: window.from, to: each.at })
      this.#revisions.add(each.revision)
    }
  }

  /** True where no deployment is one of a rehearsal. */
  get isEmpty(): boolean {
    return this.#spans.size === 0
  }

  /** Whether a rehearsal deployed the revision anywhere. */
  deployed(revision: string): boolean {
    return this.#revisions.has(revision)
  }

  /** Whether a rehearsal made a deployment that the history knows of. */
  made({ incident, at }: Pick<Redeployment, 'incident' | 'at'>): boolean {
    return this.#windowOf(incident, at) !== undefined
  }

  /** Whether a rehearsal made a deployment of GitHub's records: begun before the rehearsal had it deployed, and done in it. */
  madeFact(
    place: string,
    { createdAt, deployedAt }: Pick<DeploymentFact, 'createdAt' | 'deployedAt'>,
  ): boolean {
    const spans = this.#spans.get(place) ?? []
    return spans.some(({ from, to }) => deployedAt !== undefined && deployedAt >= from && createdAt <= to)
  }

  /** Whether a rehearsal was the first to deploy what was seen at a place since. @param at when it was seen first */
  isSeenSince(place: string, at: number): boolean {
    return (this.#spans.get(place) ?? []).some(({ from }) => at >= from)
  }

  /** Whether a look at production was one of a rehearsal that began after a moment. */
  sawSince(incident: number, at: number, moment: number): boolean {
    const window = this.#windowOf(incident, at)
    return window !== undefined && window.from > moment
  }

  #windowOf(incident: number, at: number): Window | undefined {
    return this.#windows.get(incident)?.find(({ from, to }) => at >= from && at < to)
  }
}

/** What is deployed where, as a key. */
export function placeOf({
  repository,
  environment,
  revision,
}: Pick<DeploymentFact, 'repository' | 'environment' | 'revision'>): string {
  return `${repository}\n${environment}\n${revision}`
}
