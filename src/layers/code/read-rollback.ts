import { InputError, message, setting } from '../../errors.ts'
import type { RollbackRequest } from './plan.ts'
import type { CodeRollback } from './plan-rollback.ts'

/** How a rollback of the code is asked for, as people write it. */
export interface CodeWish {
  readonly mode: CodeRollback['mode']
  readonly target: string
  readonly tagPattern: string
  readonly checks: readonly string[]
  readonly paths: readonly string[]
  readonly commits: readonly string[]
  /** counted from 1; 0 for none */
  readonly mainline: number
  readonly allowDefaultBranch: boolean
  /** the workflow that deploys, and its inputs; undefined for none */
  readonly redeploy:
    | { readonly workflow: string; readonly inputs: Readonly<Record<string, string>> }
    | undefined
}

/** Reads which rollback is asked for. @throws InputError for a deployment of the good revision that nothing would deploy */
export function readRollback(asked: RollbackRequest, wish: CodeWish): CodeRollback {
  const { mode, commits, mainline, allowDefaultBranch, target, tagPattern, checks, paths } = wish
  if (mode === 'revert') return { ...asked, mode, commits, mainline: mainline || undefined }
  const restore = { ...asked, target, tagPattern, checks, paths }
  if (mode === 'reset') return { ...restore, mode, allowDefaultBranch }
  if (mode === 'deploy-only') demandWayToDeploy(wish.redeploy)
  return { ...restore, mode }
}

/** A person asked for something else than the usual rollback. @param usual the target that counts as none */
export function isAskedFor({ mode, target, paths, commits }: CodeWish, usual: string): boolean {
  return mode !== 'restore' || target !== usual || paths.length > 0 || commits.length > 0
}

function demandWayToDeploy(redeploy: CodeWish['redeploy']): void {
  if (redeploy === undefined)
    throw new InputError(
      message`${setting('mode')} is deploy-only, and ${setting('code.redeploy.workflow')} names no workflow that deploys; name its file, such as deploy.yml`,
    )
  if (!Object.values(redeploy.inputs).some((value) => value.includes('{revision}')))
    throw new InputError(
      message`${setting('mode')} is deploy-only, and no line of ${setting('code.redeploy.inputs')} has {revision}: ${redeploy.workflow} would deploy the branch as it is; write for example revision={revision}`,
    )
}
