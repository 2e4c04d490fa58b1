import type { RootContent } from 'mdast'
import type { Message } from '../errors.ts'
import type { LayerName } from '../history/event.ts'

/**
 * One thing that can be rolled back: code, over-the-air bundle, database, configuration. The same for all of them, so that
 * a new one is a file under `layers/` and one line in its list.
 */
export interface Layer {
  readonly name: LayerName
  /**
   * What would be undone now. Reads only; the same world gives the same plan.
   * @throws InputError when what was asked for is not there, RefusedError, UnavailableError
   */
  plan(): Promise<LayerPlan>
  /**
   * Back to what was there before `apply`, from its safety copy; done twice, it does nothing the second time.
   * @param done what `apply` returned, or what the history says of it
   * @returns one sentence: what is there now
   * @throws RefusedError when there is no way back, with what a person can do
   */
  undo(done: UndoableRollback): Promise<string>
}

/** A plan as data, which can be printed, saved, reviewed and compared; and the deed. */
export interface LayerPlan {
  readonly view: LayerPlanView
  /**
   * What is there before the first write, as in `kept` of a receipt, for a layer that keeps it nowhere else: the history has it before
   * anything is changed, so that a run that goes on after a kill can say what all runs have changed
   */
  readonly before?: LayerReceipt['kept']
  /**
   * Makes what `apply` takes and nothing refers to yet, such as a commit, while other layers go back: it changes nothing, and `apply` does
   * without what could not be made. Called when nothing keeps the rollback from beginning.
   */
  prepare?(): void
  /**
   * Does what the view says: compare-and-swap on what it saw, with a safety copy, and looks at the result from outside.
   * Can be killed at any instant and run again, by a plan made anew.
   * @throws ConflictError when the world has moved, RefusedError, UnavailableError
   */
  apply(): Promise<LayerReceipt>
  /**
   * Says elsewhere that it was done, e.g. in a pull request that is undone; done twice, it is said once. Called when what is deployed is known.
   * @returns what could not be said, a sentence each
   */
  announce?(receipt: LayerReceipt, deployed: Deployed | undefined): Promise<readonly string[]>
  /** the plan in the layer's own words, where it is the only one; absent where the view says it all */
  readonly words?: LayerWords
}

/** What became of the deployment of what was restored. */
export interface Deployed {
  readonly done?: { readonly revision: string; readonly workflow: string }
  /** why it is not deployed */
  readonly problem?: string | Message
}

/** What a layer says of its plan to people who roll back nothing else. */
export interface LayerWords {
  /** lines of a log, and sections of a summary */
  readonly lines: readonly string[]
  readonly sections: readonly RootContent[]
  /**
   * how things stand after it was done, or was found to be done
   * @param isDeployed a workflow deployed it: nobody has to
   */
  readonly standing: (
    receipt: LayerStanding,
    isDeployed: boolean,
  ) => {
    readonly line: string
    readonly sections: readonly RootContent[]
  }
  /** what it is called when it is done by this run, and when it was there already */
  readonly done: Called
  readonly doneBefore: Called
  /** what it is called when there is nothing to roll back; absent where that is called done */
  readonly nothing?: Called
}

/** An outcome, as programs and people call it. */
export interface Called {
  /** one word */
  readonly reasonCode: string
  readonly headline: string
}

/** Where a layer stands. */
export type LayerStanding = Pick<
  LayerReceipt,
  'from' | 'now' | 'tag' | 'pull' | 'proposedOn' | 'warnings' | 'losses' | 'wayBack'
>

/** Plain JSON. Texts are for people: one line each, no Markdown, no secrets. */
export interface LayerPlanView {
  readonly layer: LayerName
  /** nothing: the bad deployment changed nothing in this layer. done: an earlier run rolled it back, and that holds */
  readonly state: 'pending' | 'done' | 'nothing'
  /** what is there, and what is gone back to: revisions for code, labels or names for other layers; '' when there is none */
  readonly from: string
  readonly to: string
  /** where the layer stands when it is `done`; absent where a layer does not know it */
  readonly now?: string
  /** what of the layer is taken back, to what, and in which mode: the same however far it has come; absent where there is no choice */
  readonly scope?: string
  /** the only files and folders that are taken back; absent for all */
  readonly paths?: readonly string[]
  /** where it is `done`: as in the receipt */
  readonly deploys?: readonly string[]
  /** how the target was found, and how sure that is */
  readonly foundBy: string
  /** what will be done, in this order */
  readonly steps: readonly string[]
  /** commits or migrations that are undone; empty where the layer has no such thing */
  readonly undone: readonly { readonly revision: string; readonly title: string; readonly author: string }[]
  /** how many these are, when `undone` does not list them all: GitHub lists at most 250 commits */
  readonly undoneCount?: number
  /** what would be lost, e.g. `table orders: 12 rows written since the backup`; empty when nothing is */
  readonly losses: readonly string[]
  readonly warnings: readonly string[]
  /** why a machine must not do this by itself; empty when it may */
  readonly needsPerson: readonly string[]
  /** true for what takes effect only when it is deployed, such as a commit; absent for what does so by itself, and for what is back */
  readonly needsDeployment?: true
  /** the state of the world that the plan depends on, e.g. the branch's head; a plan made later has the same, or the world has moved */
  readonly basis: Readonly<Record<string, string>>
  /** where it is `done` or `nothing`: what of it could not be seen, or is seen not to hold, one sentence; absent when it was seen to hold, or nobody can look */
  readonly unverified?: string
  /** with `nothing`: why the layer is left as it is, one clause; absent when the deployment changed nothing in it */
  readonly left?: string
}

/** What a layer did, or had done before. */
export interface LayerReceipt extends UndoableRollback {
  /** stopped: the bad one is halted, with nothing in its place. partial: some of several targets; `problem` says which */
  readonly outcome: 'rolled-back' | 'already-rolled-back' | 'proposed' | 'stopped' | 'partial'
  /**
   * The revisions any of which may be served once it takes effect, the one to deploy first; absent where nothing has to be
   * deployed, and while it waits for people
   */
  readonly deploys?: readonly string[]
  /** the tag that marks it, without refs/tags/ */
  readonly tag?: string
  readonly branch?: string
  /** the pull request that proposes it, when it waits for people */
  readonly pull?: { readonly number: number; readonly url: string }
  /** the branch that it is proposed on, where there are no pull requests */
  readonly proposedOn?: string
  /** what was lost by it, as in the view but counted when it was done; absent when nothing was */
  readonly losses?: readonly string[]
  /** what was seen from outside afterwards, in one sentence; undefined when nothing could be looked at */
  readonly verified: { readonly ok: boolean; readonly evidence: string } | undefined
  /** what is left to do, and how; absent when all is well */
  readonly problem?: string
  /** how people go back from here; absent where there is nothing to bring back */
  readonly wayBack?: WayBack
  /** what is worth knowing and takes nothing from the rollback, e.g. that it could not be tagged */
  readonly warnings?: readonly string[]
}

/** What is needed to take a rollback back: all of it is in the history, so that another job can. */
export interface UndoableRollback {
  readonly from: string
  readonly to: string
  /** where the layer stands now: for code the rollback commit */
  readonly now: string
  /** the safety copy, in the layer's own words, e.g. the name of the database that was replaced */
  readonly kept: Readonly<Record<string, string | readonly string[]>>
}

/** How people take a rollback back, or bring what it undid back. Plain texts: views print them, and know no layer. */
export interface WayBack {
  /** a sentence each; the first is what the commands do */
  readonly steps: readonly string[]
  /** lines of a shell; empty where none does it */
  readonly commands: readonly string[]
}

/** The text that a rollback kept under a name; undefined when it kept none, or a list. */
export function keptText({ kept }: Pick<UndoableRollback, 'kept'>, name: string): string | undefined {
  const value = kept[name]
  return typeof value === 'string' ? value : undefined
}

/** A view of a layer that has nothing to say yet. */
export function emptyView(layer: LayerName): LayerPlanView {
  return {
    ...{ layer, state: 'pending', from: '', to: '', foundBy: '', steps: [], undone: [] },
    ...{ losses: [], warnings: [], needsPerson: [], basis: {} },
  }
}

/**
 * A view of a layer that compares what is there with what is to be there: it is pending while anything differs.
 * @param from what is there where that differs; undefined where nothing does
 * @param earlier what the history says was done; undefined for nothing
 */
export function comparedView(
  layer: LayerName,
  {
    from,
    to,
    foundBy,
    earlier,
  }: {
    readonly from: string | undefined
    readonly to: string
    readonly foundBy: string
    readonly earlier: UndoableRollback | undefined
  },
): LayerPlanView {
  const standing = earlier === undefined ? 'nothing' : 'done'
  return {
    ...emptyView(layer),
    state: from === undefined ? standing : 'pending',
    from: from ?? earlier?.from ?? to,
    to,
    foundBy,
    ...(from === undefined && earlier !== undefined && { now: to }),
  }
}
