import { foreseeDispatch, type NotDispatchable, whyNotDispatchable } from '../deployment/dispatchable.ts'
import { attempt, InputError, isUserFacing, type Message, message, RefusedError, setting } from '../errors.ts'
import { readFacts as readFactsOf } from '../github/repository.ts'
import { type CodeRepository, demandGitHub, isPlain, readFacts } from '../layers/code/repository.ts'
import type { LayerPlanView } from '../layers/layer.ts'
import type { Redeploy } from './redeployment.ts'

/** The input of the checks before the first write. */
export interface Preflight {
  /** how the restored revision is deployed; undefined where no workflow of this run does */
  readonly redeploy: Redeploy | undefined
  readonly branch: string
  /** the plan of what is deployed; undefined where nothing is, or it is to be found by the branch alone */
  readonly restored: Pick<LayerPlanView, 'scope' | 'paths' | 'to'> | undefined
}

/** Something that would interrupt a rollback. */
export interface Obstacle {
  /** refused: GitHub forbids it. input: a setting is wrong */
  readonly kind: 'refused' | 'input'
  /** one clause */
  readonly says: Message
  /** why, and what to do: sentences, the last one without its full stop */
  readonly because: string | Message
}

/**
 * Finds what would end a rollback half-way, and is known before the first write: that the repository is archived, and that the
 * workflow that deploys could not be started afterwards. Reads only.
 * @throws InputError for a workflow that is to be started where there is no GitHub, UnavailableError
 */
export async function findObstacle(
  repository: CodeRepository,
  { redeploy, branch, restored }: Preflight,
): Promise<Obstacle | undefined> {
  const { owner, repo } = repository
  const [{ archived }, why] = await Promise.all([
    readFacts(repository),
    redeploy && attempt(() => whyNotStartable(repository, { redeploy, branch, restored })),
  ])
  if (archived)
    return {
      kind: 'refused',
      says: message`${owner}/${repo} is archived, and nothing in it can be changed`,
      because: 'unarchive it in its settings first',
    }
  if (redeploy === undefined || why === undefined) return undefined
  if (isUserFacing(why) && !(why instanceof RefusedError)) throw why
  return {
    kind: 'input',
    says: message`${setting('code.redeploy.workflow')} is ${redeploy.workflow}, which could not be started after the rollback`,
    // a refusal says itself which permission it was refused for
    because: isUserFacing(why) ? message`${why}` : `${why.says}. ${why.cure}`,
  }
}

/**
 * Asks what `findObstacle` will ask, so that it takes no time of its own when the plan is made.
 * @returns called with the good revision, once that is known
 */
export function foreseeObstacle(
  repository: CodeRepository,
  redeploy: Redeploy | undefined,
): (good: string) => void {
  if (isPlain(repository)) return () => {}
  readFactsOf.note(repository, undefined, readFactsOf(repository))
  return redeploy === undefined ? () => {} : foreseeDispatch(repository, redeploy.workflow)
}

async function whyNotStartable(
  repository: CodeRepository,
  { redeploy: { workflow, inputs }, branch, restored }: Preflight & { readonly redeploy: Redeploy },
): Promise<NotDispatchable | undefined> {
  const github = demandGitHub(repository, {
    asks: message`${setting('code.redeploy.workflow')} is ${workflow}`,
    instead: 'deploy the output "commit" in a step that follows',
  })
  return whyNotDispatchable(github, { workflow, inputs, ref: refOf(restored, branch) })
}

/** A rollback that could not be completed is not started. @throws InputError, RefusedError for an obstacle */
export function demandNoObstacle(obstacle: Obstacle | undefined): void {
  if (obstacle === undefined) return
  const { kind, says, because } = obstacle
  const error = kind === 'refused' ? RefusedError : InputError
  throw new error(message`${says}, so nothing was done: ${because}`)
}

/** What to know of an obstacle before a plan is applied, in sentences; of one that could not be looked for, too. */
export async function describeObstacle(
  find: () => Promise<Obstacle | undefined>,
): Promise<Message | undefined> {
  const found = await attempt(find)
  if (found === undefined) return undefined
  if (isUserFacing(found)) return message`it is not known whether this plan could be completed: ${found}`
  return message`this plan would be refused: ${found.says}: ${found.because}`
}

/** Where all of it goes back, the workflow is that of the good revision by then; else, but for its own path, that of the branch. */
function refOf(restored: Preflight['restored'], branch: string): string {
  const isWhole = restored?.paths === undefined && /^(?:restore|reset) /.test(restored?.scope ?? '')
  return restored !== undefined && isWhole ? restored.to : branch
}
