import { findRestoredByDeployments } from '../deployment/restored.ts'
import type { Repository } from '../github/client.ts'
import { openRevisionReader } from '../github/revision-reader.ts'
import { ruleOfPasses } from '../health/passes.ts'
import type { OpenClone } from '../layers/code/partial-clone.ts'
import type { FailureRule, IssueType } from '../settings/rollback-choices.ts'
import type { Config } from '../settings/schema.ts'
import { limitsOf } from './guard.ts'
import { availableLayers, openLayers, secretsOfLayers } from './open-layers.ts'
import type { RollbackContext, RollbackMeans, RollbackOptions, RollbackRequest } from './options.ts'
import { viewToDeploy } from './plan.ts'
import { findObstacle, foreseeObstacle } from './preflight.ts'
import { type Observer, observeProduction, type Production } from './production.ts'
import { deployBy, unlessExternal } from './redeployment.ts'
import { chooseLayers, otherwiseOf } from './strategy.ts'

/** An environment whose settings describe what can be rolled back. */
export interface ConfiguredContext extends RollbackContext {
  readonly repository: Repository
  readonly config: Config
}

/** The request to the front door; '' and empty lists mean that the settings decide. */
export interface FrontDoorRequest extends Omit<RollbackRequest, 'choice' | 'isAskedFor' | 'onFailure'> {
  readonly issueType: IssueType
  readonly layers: readonly string[]
  /** the good revision */
  readonly target: string
  /** an address that must answer, in addition to the configured checks */
  readonly url: string
  readonly onFailure: FailureRule | 'configured'
}

/** What a run uses of its process. */
export interface RunTools extends Pick<RollbackMeans, 'now' | 'log' | 'run' | 'stepKey'> {
  /** a login */
  readonly by: string
  readonly runUrl: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly fetch: typeof fetch
  readonly sleep: (ms: number) => Promise<void>
  readonly redact: (text: string) => string
  readonly openClone: OpenClone
  /** The repository of the run for another token. */
  readonly openRepository: (token: string) => Repository
  /** a folder for temporary files */
  readonly scratch: string
  readonly signal: AbortSignal
}

/** A rollback of all layers that the settings have. @throws InputError for a layer that they do not have */
export async function openFrontDoor(
  context: ConfiguredContext,
  request: FrontDoorRequest,
  tools: RunTools,
): Promise<RollbackOptions> {
  const { repository, config, branch, environment, revision, incident } = context
  const { layers, target, issueType, onFailure, url } = request
  const now = () => tools.now().getTime()
  const { redeploy } = config.code
  const wish = {
    wanted: layers,
    issueType,
    strategies: config.rollback.strategies,
    available: availableLayers(config),
  }
  const choice = chooseLayers(wish)
  const isCodeChosen = choice === 'changed' || choice.includes('code')
  const foreseen = isCodeChosen ? foreseeObstacle(repository, unlessExternal(redeploy)) : undefined
  return {
    ...context,
    ...request,
    ...tools,
    choice,
    otherwise: otherwiseOf(wish),
    isAskedFor: target !== '' || layers.length > 0,
    onFailure: onFailure === 'configured' ? config.rollback.onFailure : onFailure,
    openLayers: (circumstances) =>
      openLayers({
        ...tools,
        ...circumstances,
        secrets: secretsOfLayers(config, tools.env),
        ...(foreseen && { onTarget: foreseen }),
        ownCommits: new Map(),
        ...{ now, repository, config, branch, environment, incident, bad: revision, reason: request.reason },
        // a plan that was looked at is of its own target
        target: (request.mode === 'apply' ? '' : target) || (circumstances.target ?? config.code.target),
      }),
    production: productionOf(context, tools, url === '' ? config.health : await withUrl(config.health, url)),
    deployer:
      redeploy === undefined || redeploy === 'external'
        ? redeploy
        : deployBy(repository, redeploy, { ...tools, now, branch, environment }),
    // a job that something outside deploys in may be recorded with the revision that it began with
    ...(redeploy === undefined && {
      findRestored: (commit, alike) =>
        findRestoredByDeployments(repository, { environment, commit, alike, bad: revision }),
    }),
    isProposalWanted: config.code.delivery === 'pull-request',
    // what is back already is deployed, or said not to be
    findObstacle: async (plan) => {
      const restored = plan && viewToDeploy(plan)
      return restored && findObstacle(repository, { redeploy: unlessExternal(redeploy), branch, restored })
    },
    limits: limitsOf(config),
    planValidMs: config.rollback.planValidMs,
    objectiveMs: config.rollback.objectiveMs,
  }
}

/** Production, as observed by the configured checks. */
export function productionOf(
  context: ConfiguredContext,
  tools: RunTools,
  health: Config['health'] = context.config.health,
): Production {
  const { repository, config, environment, revision, readHistory } = context
  const observer: Observer = {
    ...tools,
    now: () => tools.now().getTime(),
    health,
    revision: openRevisionReader(repository, { branch: config.branch, environment, revision }),
    passes: ruleOfPasses(readHistory, environment),
  }
  return observeProduction(observer, { environment, revision, withinMs: config.rollback.verifyMs })
}

/** An address that has to answer is a check by itself, beside the configured ones. */
async function withUrl(health: Config['health'], url: string): Promise<Config['health']> {
  const { planWatch } = await import('../health/plan.ts')
  const { checks } = planWatch(health, { url, checks: '', windowMs: undefined, intervalMs: undefined })
  return { ...health, checks }
}
