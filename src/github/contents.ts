import { createHash } from 'node:crypto'
import type { Repository } from './client.ts'
import { explained, isRefused } from './refusal.ts'

export interface StoredFile {
  readonly text: string
  /** git's id of the content, which a later write has to name */
  readonly blob: string
}

/** A text file of a branch or commit; undefined when the file, or the branch, is not there. Up to 100 MB, as the raw media type gives. */
export async function readFile(
  { octokit, owner, repo }: Repository,
  { path, ref }: { path: string; ref: string },
): Promise<StoredFile | undefined> {
  return explained({ doing: `read ${path} at ${ref}`, permission: 'contents: read' }, async () => {
    try {
      const response = await octokit.rest.repos.getContent({
        owner,
        repo,
        path,
        ref,
        mediaType: { format: 'raw' },
      })
      const data: unknown = response.data
      if (typeof data !== 'string') throw new TypeError(`${path} at ${ref} is not a text file`)
      return { text: data, blob: blobId(data) }
    } catch (error) {
      if (isRefused(error, 'not-found')) return undefined
      throw error
    }
  })
}

/**
 * Writes a file by a commit on a branch, only if the file is still what it was when it was read: GitHub compares `blob`,
 * and refuses when the branch moved at the same instant.
 * @param blob what the file was, undefined when it was not there
 * @returns 'conflict' when it was not so any more; 'no-branch' when the branch is not there
 */
export async function writeFile(
  { octokit, owner, repo }: Repository,
  {
    path,
    branch,
    text,
    blob,
    message,
  }: { path: string; branch: string; text: string; blob: string | undefined; message: string },
): Promise<'written' | 'conflict' | 'no-branch'> {
  return explained({ doing: `write ${path} on ${branch}`, permission: 'contents: write' }, async () => {
    try {
      const content = Buffer.from(text).toString('base64')
      await octokit.rest.repos.createOrUpdateFileContents({
        owner,
        repo,
        path,
        branch,
        message,
        content,
        ...(blob && { sha: blob }),
      })
      return 'written'
    } catch (error) {
      if (isRefused(error, 'conflict')) return 'conflict'
      // without a blob id GitHub answers 422 «"sha" wasn't supplied» when the file has come to be in between
      if (blob === undefined && isRefused(error, 'invalid')) return 'conflict'
      if (isRefused(error, 'not-found')) return 'no-branch'
      throw error
    }
  })
}

/** Every path in the tree of a branch or commit with the id of its blob; undefined when the ref is not there. */
export async function listFiles(
  { octokit, owner, repo }: Repository,
  { ref }: { ref: string },
): Promise<readonly { readonly path: string; readonly blob: string }[] | undefined> {
  return explained({ doing: `list the files of ${ref}`, permission: 'contents: read' }, async () => {
    try {
      const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: ref, recursive: 'true' })
      return data.tree.flatMap(({ path, sha, type }) =>
        type === 'blob' && path && sha ? [{ path, blob: sha }] : [],
      )
    } catch (error) {
      // an empty repository answers 409
      if (isRefused(error, 'not-found') || isRefused(error, 'conflict')) return undefined
      throw error
    }
  })
}

/** Starts a branch with no history in common with the others, holding one file; 'taken' when it is there by now. */
export async function createOrphanBranch(
  { octokit, owner, repo }: Repository,
  { branch, path, text, message }: { branch: string; path: string; text: string; message: string },
): Promise<'created' | 'taken'> {
  return explained({ doing: `create the branch ${branch}`, permission: 'contents: write' }, async () => {
    // objects that nothing points at change nothing, so these two may be repeated
    const request = { retries: 3 }
    const tree = await octokit.rest.git.createTree({
      owner,
      repo,
      tree: [{ path, mode: '100644', type: 'blob', content: text }],
      request,
    })
    const commit = await octokit.rest.git.createCommit({
      owner,
      repo,
      message,
      tree: tree.data.sha,
      parents: [],
      request,
    })
    try {
      await octokit.rest.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha: commit.data.sha })
      return 'created'
    } catch (error) {
      if (isRefused(error, 'already-exists')) return 'taken'
      throw error
    }
  })
}

/** Git's own id of a file's content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(text: string): string {
  const content = Buffer.from(text)
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}
