import type { HostedRepository } from '../support/github/hosted-repository.ts'
import type { World } from './world.ts'

/** How a run ended, as its workflow sees it. */
export interface Ended {
  readonly exitCode: number
  readonly outputs: Readonly<Record<string, string>>
  readonly log: string
}

/** What somebody who looks from outside sees before or after a run. */
export interface Seen {
  readonly refs: ReadonlyMap<string, string>
  /** contents of the head of main */
  readonly head: Readonly<Record<string, string>>
  /** the file that says what runs in the environment, and its text there; undefined where nothing was deployed */
  readonly running: { readonly file: string; readonly text: string } | undefined
  /** what runs in the environment is not broken; undefined where nothing was deployed */
  readonly isWell: boolean | undefined
  /** the last migration is applied; undefined where there is no database */
  readonly isMigrated: boolean | undefined
  /** the content that devices are offered; undefined where there are no over-the-air updates */
  readonly offered: string | undefined
}

/** The texts of the files of a revision that a world is about. */
export async function contentOf(
  { git }: HostedRepository,
  revision: string,
): Promise<Readonly<Record<string, string>>> {
  const entries = await git.readTree(revision, { recursive: true })
  const named = entries.filter(({ path, type }) => type === 'blob' && /^(?:web|api|log|db)\//.test(path))
  const texts = await Promise.all(named.map(async ({ path, sha }) => [path, String(await git.readBlob(sha))]))
  return Object.fromEntries(texts)
}

/** The environment that a run must have been about, had it been right to do anything; undefined where it had to be refused. */
export function rightfulEnvironment({
  settings,
  event,
  inputs,
}: World): 'production' | 'staging' | undefined {
  const deployed = event.kind === 'deployment_status' && inputs.revision === '' ? event : undefined
  if (deployed?.transient === true) return undefined
  if (deployed !== undefined && inputs.environment !== '' && inputs.environment !== deployed.environment)
    return undefined
  const ofEvent = event.kind === 'deployment_status' ? event.environment : undefined
  const named = inputs.environment || ofEvent || 'production'
  if (named === 'production') return named
  if (
    named === 'staging' &&
    (settings === 'apps' || (settings === 'none' && inputs.environment === 'staging'))
  )
    return named
  // without a file, the environment is the one that the workflow names
  return undefined
}

/** Each file of an app is as some commit of main made it, or is not there. */
function isMerged({ commits }: World, head: Readonly<Record<string, string>>): boolean {
  return (['web', 'api'] as const).every((app) => {
    const texts = commits.map((commit, index) => `${commit[app]} ${index}\n`)
    const now = head[`${app}/state`]
    return now === undefined || now === 'good\n' || texts.includes(now)
  })
}

const lastLineOf = (log: string) => log.trimEnd().split('\n').at(-1) ?? ''

/**
 * What contradicts the ending of a run that exited 0, or what it did though it must not: nothing, when all is true.
 */
export function contradictions(
  world: World,
  { before, after, ended, nth }: { before: Seen; after: Seen; ended: Ended; nth: number },
): readonly string[] {
  const found: string[] = []
  const { exitCode, outputs } = ended
  const decision = outputs['decision'] ?? ''
  const hasMoved = before.refs.get('refs/heads/main') !== after.refs.get('refs/heads/main')
  const environment = rightfulEnvironment(world)
  const isForeign = world.event.kind === 'workflow_run' && world.event.foreign
  const { revision } = world.inputs
  const of = 'of' in world.event ? world.event.of : 'head'
  const about = revision === '' ? of : revision
  const mayAct = environment !== undefined && !isForeign && about !== 'feature' && about !== 'fork'
  if (
    !mayAct &&
    (exitCode === 0 ||
      hasMoved ||
      after.refs.has('refs/heads/rollback-history') !== before.refs.has('refs/heads/rollback-history'))
  )
    found.push('a run that had to be refused was not')
  if (before.refs.get('refs/heads/feature') !== after.refs.get('refs/heads/feature'))
    found.push('another branch was moved')
  const { event, actor } = world
  const isPersons =
    actor === 'grace' &&
    (event.kind === 'workflow_dispatch' ||
      (event.kind === 'issue_comment' && event.action === 'created' && event.isAuthor))
  if (hasMoved && world.inputs.hold !== '' && !isPersons)
    found.push('a hold did not stop a run that no person asked for')
  if (hasMoved && world.inputs.mode === 'plan') found.push('a plan changed the branch')
  if (hasMoved && !isPersons && !isMerged(world, after.head))
    found.push('a run that no person asked for brought content to main that was never merged')
  if (hasMoved && !isPersons && world.action === 'git-rollback' && nth >= world.inputs.strictFrom)
    found.push('a run that no person asked for undid more commits than it may')
  const paths = Object.keys({ ...before.head, ...after.head })
  const asked = world.action === 'git-rollback' ? world.inputs.paths[nth - 1] : ''
  if (asked && paths.some((path) => !path.startsWith(`${asked}/`) && before.head[path] !== after.head[path]))
    found.push('a path was changed that nobody asked for')
  if (world.settings === 'apps' && hasMoved) {
    const own = environment === 'staging' ? 'api/' : 'web/'
    if (paths.some((path) => !path.startsWith(own) && before.head[path] !== after.head[path]))
      found.push('a path of another environment was changed')
  }
  const isChanged = before.isMigrated !== after.isMigrated || before.offered !== after.offered
  if (isChanged && (!mayAct || world.inputs.mode === 'plan' || world.action === 'git-rollback'))
    found.push('the database or the updates were changed by a run that must not')
  if (exitCode !== 0) return found

  const { running } = after
  const isRestored = ['complete', 'already-rolled-back', 'rolled-back'].includes(decision)
  // git-rollback does not look at production, and does not say so
  const isOfProduction = world.action === 'rollback' && decision !== 'rolled-back'
  const layers = world.action === 'rollback' ? (outputs['layers'] ?? '').split(',') : ['code']
  const hasSettings = world.settings !== 'none' || world.action === 'git-rollback'
  // with external, and for an action of one layer, a later step deploys
  const isDeployedHere =
    world.redeploy === 'workflow' && hasSettings ? true : isOfProduction && layers.includes('code')
  if (isRestored && isDeployedHere && running !== undefined && after.head[running.file] !== running.text)
    found.push(`decision is "${decision}", and what runs is not what the branch has`)
  if (isRestored && isOfProduction) {
    if (!world.checks || world.settings === 'none')
      found.push(`decision is "${decision}", and there is no check to look at production with`)
    if (after.isWell !== true)
      found.push(
        `decision is "${decision}", and what runs is ${running === undefined ? 'nothing' : 'broken'}`,
      )
    if (outputs['recovery'] !== 'recovered')
      found.push(`decision is "${decision}", and the recovery is "${outputs['recovery']}"`)
  }
  if (decision === 'rolled-back') {
    if (world.action === 'rollback' && world.redeploy !== 'external')
      found.push('decision is "rolled-back", and no later step is there to deploy')
    if (outputs['recovery'] === 'recovered')
      found.push('decision is "rolled-back", and the recovery is "recovered"')
    // either nothing was looked at in this run, or nothing since its first look
    if (!/\b(?:was not|has not been) checked\b/.test(lastLineOf(ended.log)))
      found.push('decision is "rolled-back", and the last line does not say what was not checked')
  }
  if (isRestored && world.action === 'rollback') {
    const isWarned = isPersons && ended.log.includes('migrations')
    if (after.isMigrated === true && !('db/1_stars.up.sql' in after.head) && !isWarned)
      found.push(`decision is "${decision}", and the migration is applied still`)
    if (layers.includes('ota') && after.offered !== 'good')
      found.push(`decision is "${decision}", and devices are offered ${after.offered}`)
    if (layers.includes('database') && after.isMigrated === true)
      found.push(`decision is "${decision}", and the database is as it was`)
  }
  if (outputs['recovery'] === 'recovered' && after.isWell !== true)
    found.push(
      `recovery is "recovered", and what runs is ${after.isWell === undefined ? 'nothing' : 'broken'}`,
    )
  if (isRestored) {
    const commit = outputs['commit'] ?? ''
    if (commit === '') found.push(`decision is "${decision}", and there is no commit to deploy`)
  } else if (hasMoved) found.push(`decision is "${decision}", and main has moved`)
  if (decision === 'well' && after.isWell === false) found.push('decision is "well", and what runs is broken')
  if (!isRestored && !['planned', 'nothing', 'well'].includes(decision))
    found.push(`it exited 0 with the decision "${decision}"`)
  return found
}
