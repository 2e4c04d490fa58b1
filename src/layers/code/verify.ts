import { type CodeRepository, isAncestor, readCommit, readRef } from './repository.ts'

/** What was seen of the branch after a rollback, in one sentence. */
export interface Verification {
  readonly ok: boolean
  readonly evidence: string
}

/** What a branch should have: a commit, and the content of that. */
export interface BranchContent {
  readonly commit: string
  readonly tree: string
}

/** Reads the branch again: its content is that of the rollback, or it has gone on from there. */
export async function verifyBranch(
  repository: CodeRepository,
  branch: string,
  { commit, tree }: BranchContent,
): Promise<Verification> {
  const head = await readRef(repository, `heads/${branch}`)
  if (head === undefined) return { ok: false, evidence: `the branch ${branch} no longer exists` }
  const seen = await readCommit(repository, head)
  const at = `${branch} is at ${head.slice(0, 7)}`
  if (seen.tree === tree)
    return {
      ok: true,
      evidence: `${at}, with the planned content (tree ${tree.slice(0, 7)})`,
    }
  if (await isAncestor(repository, { older: commit, newer: head }))
    return { ok: true, evidence: `${at} by now, with ${commit.slice(0, 7)} in its history` }
  return { ok: false, evidence: `${at}, and ${commit.slice(0, 7)} is not in its history` }
}
