import { InputError, isUserFacing, type Message, message, RefusedError, setting } from '../errors.ts'
import type { Event, LayerName } from '../history/event.ts'
import { withoutRehearsals } from '../history/rehearsal.ts'
import { type LayerOutcome, undoAll } from './apply.ts'
import { type CarryOutOptions, carryOut, describeDeployed, type RollbackReport } from './carry-out.ts'
import type { Recovery } from './ending.ts'
import { type Plan, viewToDeploy } from './plan.ts'
import type { Production } from './production.ts'
import { type Deployer, unlessExternal } from './redeployment.ts'

/** A rehearsal: a rollback that was undone. The environment is as before. */
export interface RehearsalReport extends RollbackReport {
  /** how the environment was once all of it was taken back and the newest revision deployed again */
  readonly afterwards: Recovery
}

export interface RehearsalOptions extends CarryOutOptions {
  /** The commit that the branch is at. */
  readonly head: () => Promise<string>
}

/**
 * Rolls back a healthy environment, verifies it, and undoes everything from the safety copies, the last layer
 * first. Killed at any instant, the next rehearsal goes on: it takes back what an earlier one left rolled back.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { plan, log, now, verify } = options
  const report = await carryOut(options)
  log('rehearsed; now everything is undone')
  const from = now().getTime()
  const layers = await undoAll(plan.layers, report.layers, options)
  const problems = [
    ...report.problems,
    ...layers.flatMap(({ layer, outcome, problem }) => leftOver(layer, outcome, problem)),
  ]
  const isDeployed = await deployAgain(options, layers, problems)
  const verifiedFrom = now()
  const afterwards = isDeployed ? await verify([]) : notDeployed
  const { outcome, because } = afterwards
  await options.record(
    { kind: 'recovery-verified', outcome, because, startedAt: verifiedFrom.toISOString() },
    [...options.progress.runKey, 'afterwards'],
  )
  log(`undone: ${afterwards.outcome}, ${afterwards.because}`)
  if (report.recovery.outcome === 'unknown')
    problems.push(`whether the rollback helped is unknown: ${report.recovery.because}`)
  if (afterwards.outcome !== 'recovered')
    problems.push(`after the rehearsal the environment was not verified to be healthy: ${afterwards.because}`)
  const phases = { ...report.phases, 'take back': now().getTime() - from }
  return { ...report, layers, problems, phases, afterwards }
}

/** The layers that are still rolled back after a rehearsal. */
function leftOver(
  layer: string,
  outcome: string,
  problem: LayerOutcome['problem'],
): readonly (string | Message)[] {
  if (outcome === 'undone' || outcome === 'not-tried') return []
  return [
    problem === undefined ? `${layer} is left ${outcome}` : message`${layer} is left ${outcome}: ${problem}`,
  ]
}

const notDeployed = {
  outcome: 'unknown',
  because: 'the newest revision is not deployed again',
  looked: false,
} as const

/** The newest revision, once the layers are as before. @returns whether it is what runs, as far as this run knows */
async function deployAgain(
  { deployer, head, record }: RehearsalOptions,
  layers: readonly LayerOutcome[],
  problems: (string | Message)[],
): Promise<boolean> {
  const deployed = layers.filter(({ receipt }) => receipt?.deploys !== undefined)
  if (deployed.length === 0) return true
  const own = unlessExternal(deployer)
  if (own === undefined || deployed.some(({ outcome }) => outcome !== 'undone')) return false
  try {
    const done = await own.deploy({ now: await head(), outcome: 'rolled-back' })
    await record(describeDeployed(done), [done.revision])
    return true
  } catch (error) {
    if (!isUserFacing(error)) throw error
    problems.push(message`deployment of the newest revision: ${error}`)
    return false
  }
}

/**
 * A rehearsal takes back what it finds rolled back, for an earlier one may have left it so: never what a real rollback did, or
 * found done.
 * @param events of the incident, oldest first
 * @throws RefusedError that names the layers
 */
export function demandNoneInForce(events: readonly Event[]): void {
  const inForce = new Set<LayerName>()
  for (const event of withoutRehearsals(events)) {
    if (event.kind === 'rollback-began') for (const { layer } of event.layers) inForce.add(layer)
    if (event.kind === 'rollback-undone') inForce.delete(event.layer)
    if (event.kind === 'rollback-ended' && event.outcome === 'failed')
      for (const { layer } of event.layers) inForce.delete(layer)
  }
  if (inForce.size === 0) return
  throw new RefusedError(
    `a rehearsal undoes its rollback, and a real rollback of this revision is in force (${[...inForce].join(', ')}): rehearse after another revision is deployed`,
  )
}

/**
 * A rehearsal ends with the newest revision deployed again, and seen to be healthy: one that nothing could end so is not begun.
 * @throws InputError that names the setting
 */
export function demandEndable(
  plan: Plan,
  {
    production,
    deployer,
    deployerSetting = 'code.redeploy.workflow',
  }: {
    readonly production: Pick<Production, 'canVerify' | 'unseen'>
    readonly deployer: Deployer | 'external' | undefined
    /** what names the workflow that deploys */
    readonly deployerSetting?: string | undefined
  },
): void {
  const { canVerify, unseen } = production
  if (!canVerify)
    throw new InputError(
      message`a rehearsal must verify that the environment is healthy again, and ${unseen}: nothing was changed; add a check to ${setting('health.checks')}`,
    )
  if (unlessExternal(deployer) !== undefined || viewToDeploy(plan) === undefined) return
  throw new InputError(
    message`a rehearsal deploys the restored revision and then the newest one, and no workflow that deploys is configured: nothing was changed; name it in ${setting(deployerSetting)}`,
  )
}

/**
 * A rehearsal takes an environment back though nothing is wrong with it: never the one that customers use, nor the branch
 * that people work on.
 * @throws InputError with the way to a rehearsal
 */
export function demandRehearsable({
  environment,
  branch,
  defaultBranch,
  changesBranch,
}: {
  readonly environment: string
  readonly branch: string
  readonly defaultBranch: string
  /** false where only layers go back that put no commit on it */
  readonly changesBranch: boolean
}): void {
  if (/^prod(uction)?$/i.test(environment))
    throw new InputError(
      message`a rehearsal rolls back a healthy environment, and customers use ${environment}; name another one in ${setting('environment')}, such as staging, with a separate configuration in ${setting('config')}`,
    )
  if (changesBranch && branch === defaultBranch)
    throw new InputError(
      message`a rehearsal would put commits on ${branch}, the default branch; deploy the environment ${environment} from a separate branch, and name it as \`branch\` in a separate configuration (${setting('config')})`,
    )
}
