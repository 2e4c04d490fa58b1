import { createHash } from 'node:crypto'
import { type Repository, repeatable } from './client.ts'
import { askedOnce, isObjectId } from './once.ts'
import { explained, isRefused, readRefusal } from './refusal.ts'

export interface StoredFile {
  readonly text: string
  /** what the text was read from: not the same when it is no valid UTF-8, or has a byte order mark */
  readonly bytes: Uint8Array
  /** git's id of the content, which a later write has to name */
  readonly blob: string
}

interface FileAsked {
  readonly path: string
  /** a branch, a tag, or the full id of a commit */
  readonly ref: string
}

/** A text file of a branch or commit; undefined when the file, or the branch, is not there. Up to 100 MB, as the raw media type gives. */
export const readFile = askedOnce<FileAsked, StoredFile | undefined>(
  ({ path, ref }) => (isObjectId(ref) ? `${ref}:${path}` : undefined),
  ({ octokit, owner, repo }, { path, ref }) =>
    explained({ doing: `read ${path} at ${ref}`, permission: 'contents: read' }, async () => {
      try {
        const response = await octokit.rest.repos.getContent({
          owner,
          repo,
          path,
          ref,
          mediaType: { format: 'raw' },
          request: { parseSuccessResponseBody: false },
        })
        const data: unknown = response.data
        if (!(data instanceof ReadableStream)) throw new TypeError(`${path} at ${ref} is not a text file`)
        return toFile(await new Response(data).bytes())
      } catch (error) {
        if (isRefused(error, 'not-found')) return undefined
        throw error
      }
    }),
)

export function toFile(bytes: Uint8Array): StoredFile {
  return { text: new TextDecoder().decode(bytes), bytes, blob: blobId(bytes) }
}

const leaveOut = 'take this branch out of the rule'

/** The commit that wrote a file, and the one that the branch was at before. */
export interface Written {
  readonly commit: string | undefined
  readonly parent: string | undefined
}

/**
 * Writes a file by a commit on a branch, only if the file is still what it was when it was read: GitHub compares `blob`,
 * and refuses when the branch moved at the same instant. A file that was deleted in between is written anew: GitHub does
 * not compare the id of a path that is absent.
 * @param blob what the file was, undefined when it was not there
 * @returns 'conflict' when it was not so any more, or the branch moved; 'exists' when there is a file, and there was to be none;
 *   'no-branch' when the branch is not there
 */
export async function writeFile(
  { octokit, owner, repo }: Repository,
  {
    path,
    branch,
    bytes,
    blob,
    message,
  }: { path: string; branch: string; bytes: Uint8Array; blob: string | undefined; message: string },
): Promise<Written | 'conflict' | 'exists' | 'no-branch'> {
  const doing = `write ${path} on ${branch}`
  return explained({ doing, permission: 'contents: write', detour: leaveOut }, async () => {
    try {
      const content = Buffer.from(bytes).toString('base64')
      const { data } = await octokit.rest.repos.createOrUpdateFileContents({
        owner,
        repo,
        path,
        branch,
        message,
        content,
        ...(blob && { sha: blob }),
      })
      return { commit: data.commit.sha, parent: data.commit.parents?.[0]?.sha }
    } catch (error) {
      if (isRefused(error, 'conflict')) return 'conflict'
      // the file has come to be in between
      if (blob === undefined && /"sha" wasn't supplied/.test(readRefusal(error)?.message ?? ''))
        return 'exists'
      if (isRefused(error, 'not-found')) return 'no-branch'
      throw error
    }
  })
}

/** Every path in the tree of a branch or commit with the id of its blob; undefined when the ref is not there. */
export const listFiles = askedOnce<
  { readonly ref: string },
  readonly { readonly path: string; readonly blob: string }[] | undefined
>(
  ({ ref }) => (isObjectId(ref) ? ref : undefined),
  ({ octokit, owner, repo }, { ref }) =>
    explained({ doing: `list the files of ${ref}`, permission: 'contents: read' }, async () => {
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
    }),
)

/** Starts a branch with no history in common with the others, holding one file; 'taken' when it is there by now. */
export async function createOrphanBranch(
  { octokit, owner, repo }: Repository,
  { branch, path, text, message }: { branch: string; path: string; text: string; message: string },
): Promise<'created' | 'taken'> {
  const doing = `create the branch ${branch}`
  return explained({ doing, permission: 'contents: write', detour: leaveOut }, async () => {
    // objects that nothing points at change nothing, so these two may be repeated
    const tree = await octokit.rest.git.createTree({
      owner,
      repo,
      tree: [{ path, mode: '100644', type: 'blob', content: text }],
      request: repeatable,
    })
    const commit = await octokit.rest.git.createCommit({
      owner,
      repo,
      message,
      tree: tree.data.sha,
      parents: [],
      request: repeatable,
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
export function blobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}
