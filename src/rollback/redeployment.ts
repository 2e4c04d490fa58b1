import { findRestored, type Restored } from '../deployment/restored.ts'
import { UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import type { Config } from '../settings/schema.ts'
import type { Redeployed } from './ending.ts'

/** How the restored revision is deployed, and how this is verified. */
export interface Deployer {
  /** Checks whether a revision is deployed now. */
  readonly find: (revision: string) => Promise<Restored>
  /**
   * Deploys a revision and waits for it, unless it is seen to be deployed.
   * @param recorded nothing is started before the history has what was rolled back
   * @throws InputError, UnavailableError
   */
  readonly deploy: (
    code: Pick<LayerReceipt, 'now' | 'outcome' | 'tag'>,
    recorded?: Promise<void>,
  ) => Promise<Redeployed>
}

/**
 * Checks whether a restored revision is deployed now.
 * @param alike revisions with the same content, any of which may be deployed instead
 * @returns undefined where nothing shows it
 */
export type FindRestored = (commit: string, alike: readonly string[]) => Promise<Restored | undefined>

/** What this run deploys with, of what deploys; undefined where nothing does, or something outside of the run. */
export function unlessExternal<T>(deploys: T | 'external' | undefined): T | undefined {
  return deploys === 'external' ? undefined : deploys
}

/** How a workflow deploys. */
export type Redeploy = Exclude<Config['code']['redeploy'], 'external' | undefined>

/** Deploys with a workflow of the repository. */
export function deployBy(
  repository: Repository,
  settings: Redeploy,
  {
    environment,
    branch,
    older,
    run: ownRun,
    log,
    sleep,
    now,
  }: {
    readonly environment: string
    readonly branch: string
    /** the failed revision, when what is deployed is a revision from before it, which may have been deployed then */
    readonly older?: string | undefined
    /** the run that this is a part of */
    readonly run?: string | undefined
    readonly log: (line: string) => void
    readonly sleep: (ms: number) => Promise<void>
    /** ms since the epoch */
    readonly now: () => number
  },
): Deployer {
  const { workflow, timeoutMs } = settings
  const find = (commit: string) => findRestored(repository, { environment, workflow, commit, bad: older })
  return {
    find,
    deploy: async ({ now: commit, outcome, tag }, recorded) => {
      // what was restored a moment ago is not deployed yet
      const isFresh = outcome === 'rolled-back'
      const seen = isFresh ? undefined : await find(commit)
      if (seen?.state === 'deployed') {
        log(`deployed already: ${seen.evidence}`)
        return { revision: seen.revision, workflow, url: seen.url }
      }
      const inputs = fillRevision(settings.inputs, commit)
      const isNew = isFresh && older === undefined
      const again = isFresh ? older !== undefined : seen?.state === 'superseded'
      const wish = { workflow, branch, tag, environment, commit, isNew, again, inputs, timeoutMs, ownRun }
      const { redeploy } = await import('../deployment/redeploy.ts')
      const run = await redeploy(repository, wish, { say: log, sleep, now, beforeStart: recorded })
      if (run === undefined)
        throw new UnavailableError(
          `${workflow} was started, and this server does not return which run that is: check it, and run the rollback again once ${commit.slice(0, 7)} is deployed`,
        )
      return { revision: run.revision, workflow, url: run.url }
    },
  }
}

/** The inputs of a workflow that deploys, with the revision in the place of `{revision}`. */
function fillRevision(
  inputs: Readonly<Record<string, string>>,
  revision: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, value.replaceAll('{revision}', revision)]),
  )
}
