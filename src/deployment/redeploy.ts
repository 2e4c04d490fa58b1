import {
  ConflictError,
  InputError,
  isUserFacing,
  message,
  RefusedError,
  UnavailableError,
} from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type ConcurrencyGroup, groupsOf } from '../github/concurrency.ts'
import { readFile } from '../github/contents.ts'
import {
  type Dispatch,
  type Dispatched,
  dispatchWorkflow,
  findDispatchedRun,
  findStartedRun,
  type WorkflowRun,
} from '../github/workflows.ts'
import { chooseRef } from './choose-ref.ts'
import { declaredGroups, isInGroup, nameOfWorkflow } from './concurrency.ts'
import { type WaitingTools, waitForRun } from './wait-for-run.ts'

export interface Redeployment {
  /** the file under .github/workflows that deploys */
  readonly workflow: string
  /** the branch it runs on, where it cannot run on the tag */
  readonly branch: string
  /** a tag that is on the restored revision, as far as one knows: a branch may move before the run starts */
  readonly tag?: string | undefined
  readonly environment?: string | undefined
  /** the restored revision: a run that was started for it before is waited for, and no second one is started */
  readonly commit: string
  /** this run has made the commit, and its tag: neither can have been deployed, or moved, before */
  readonly isNew?: boolean
  /** start a run although one was started for that revision before */
  readonly again?: boolean
  readonly inputs: Readonly<Record<string, string>>
  /** how long its run may take, ms */
  readonly timeoutMs: number
  /** id of the run that this is a part of, in whose concurrency group the other one must not be; undefined outside of one */
  readonly ownRun?: string | undefined
}

/** A run that has deployed a revision. */
export interface DeployedRun extends WorkflowRun {
  /** full id of what it deployed: what its inputs name, else the commit that it ran at */
  readonly revision: string
}

/** How often a server that does not report which run it started is asked for it, a second apart: GitHub takes up to ten. */
const looks = 15

/**
 * Deploys the restored revision by the repository's own workflow, and waits for its run: pushes made with GITHUB_TOKEN do
 * not trigger workflows.
 * @param tools `say` gets a line when the run starts, and each time what it waits for changes; what `beforeStart` stands for is
 *   waited for before a run is started, and not before it is looked for
 * @returns the run, completed with success; undefined where the server does not report which run it started
 * @throws ConflictError when another revision would be deployed, or was; InputError when the run would end this one, waits for it, or ends without success; UnavailableError when it takes too long
 */
export async function redeploy(
  repository: Repository,
  redeployment: Redeployment,
  tools: WaitingTools & { readonly beforeStart?: Promise<void> | undefined },
): Promise<DeployedRun | undefined> {
  const { workflow, branch, tag, environment, commit, inputs, timeoutMs } = redeployment
  const { isNew = false, again = false } = redeployment
  const ownRun = redeployment.ownRun === undefined ? undefined : Number(redeployment.ownRun)
  const isNamed = Object.values(inputs).some((value) => value.includes(commit))
  try {
    const wanted = { workflow, branch, commit, tag, environment, isNamed, isNew }
    // these are independent of each other
    const [earlier, chosen, groups] = await Promise.all([
      again || isNew ? undefined : findDispatchedRun(repository, { workflow, commit }),
      settle(chooseRef(repository, wanted)),
      // what the token may not read does not prevent the deployment
      ownRun === undefined ? undefined : groupsOf(repository, ownRun).catch(ignoreRefusal),
    ])
    const ref = earlier?.ref ?? chosen()
    const dispatch = { workflow, ref, inputs }
    const what = `${workflow} on ${ref}`
    const conflict =
      earlier !== undefined
        ? undefined
        : await groupThatEnds(repository, dispatch, { groups, at: commit, tag })
    if (earlier === undefined && conflict !== undefined)
      throw new InputError(
        `${what} is not started: it has \`cancel-in-progress\` for the concurrency group "${conflict}", which this run holds, and would cancel this run. Run ${workflow} now; to prevent this, set \`concurrency\` on the job that deploys, not on the workflow, and on no job that rolls back`,
      )
    await tools.beforeStart
    const id = earlier?.id ?? (await start(repository, dispatch, tools))
    if (id === undefined) {
      tools.say(`${what} is started; this server does not report which run it is, so it is not waited for`)
      return undefined
    }
    const expected = isNamed ? undefined : commit
    const run = await waitForRun(repository, { id, what, ownRun, timeoutMs, commit: expected }, tools)
    return { ...run, revision: isNamed ? commit : run.sha }
  } catch (error) {
    throw notDeployed(error)
  }
}

/** The same error, with the current state of the branch. */
function notDeployed(error: unknown): unknown {
  const kind = [InputError, RefusedError, UnavailableError, ConflictError].find(
    (each) => error instanceof each,
  )
  return kind === undefined
    ? error
    : new kind(message`the rollback is not deployed: ${error}`, { cause: error })
}

async function start(
  repository: Repository,
  dispatch: Dispatch,
  { sleep }: WaitingTools,
): Promise<number | undefined> {
  const dispatched: Dispatched = await dispatchWorkflow(repository, dispatch)
  if (dispatched.id !== undefined) return dispatched.id
  for (let look = 1; look <= looks; look += 1) {
    const found = await findStartedRun(repository, dispatch, dispatched)
    if (found !== undefined) return found
    await sleep(1_000)
  }
  return undefined
}

/** The concurrency group that this run holds and that a run of the workflow would take over, ending this one. */
async function groupThatEnds(
  repository: Repository,
  { workflow, ref }: Dispatch,
  {
    groups,
    at,
    tag,
  }: {
    /** those of this run */
    readonly groups: readonly ConcurrencyGroup[] | undefined
    /** the commit that the tag is on */
    readonly at: string
    readonly tag: string | undefined
  },
): Promise<string | undefined> {
  const held = groups?.filter(({ state }) => state === 'holds') ?? []
  if (held.length === 0) return undefined
  const path = `.github/workflows/${workflow}`
  const file = await readFile(repository, { path, ref: ref === tag ? at : ref }).catch(ignoreRefusal)
  if (file === undefined) return undefined
  const run = {
    workflow: nameOfWorkflow(file.text, path),
    branch: ref,
    repository: `${repository.owner}/${repository.repo}`,
  }
  const ending = declaredGroups(file.text).filter(({ cancelsRunning }) => cancelsRunning)
  return held.find(({ name }) => ending.some((each) => isInGroup(each, name, run)))?.name
}

/** What a promise comes to, which may not be needed: it throws when it is asked for. */
async function settle<T>(promise: Promise<T>): Promise<() => T> {
  try {
    const value = await promise
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function ignoreRefusal(error: unknown): undefined {
  if (isUserFacing(error)) return undefined
  throw error
}
