import { posix } from 'node:path'
import type { Call, Routes } from '../call.ts'
import type { TreeChange } from '../git-store.ts'
import type { HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { gitCommit, type Schema } from '../represent.ts'
import { explain, objectionTo } from '../rules.ts'
import type { Token } from '../tokens.ts'
import type { TreeEntry } from '../tree-store.ts'
import { base64Lines, toPerson } from './git-data.ts'

/** https://docs.github.com/en/rest/repos/contents */
export const contents: Routes = {
  'repos/get-content': {
    permission: 'contents:read',
    async handle({ repository, params, query, accept }) {
      const { git, defaultBranch } = repository
      const ref = query.get('ref') ?? defaultBranch
      const commit = await git.resolve(ref)
      if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`)
      const path = (params['path'] ?? '').replace(/\/$/, '')
      const entries = await git.readTree(commit, { recursive: true, under: path })
      const entry = entries.find((each) => each.path === path)
      if (entry === undefined) throw notFound()
      if (entry.type === 'tree') {
        const inside = entries.filter((each) => posix.dirname(each.path) === path)
        return { status: 200, body: inside.map((each) => contentEntry(repository, { entry: each, ref })) }
      }
      // GitHub follows a link and describes a submodule
      if (entry.mode !== '100644' && entry.mode !== '100755')
        throw new Error(`${path} is a link or a submodule: the emulator does not give these`)
      const content = await git.readBlob(entry.sha)
      if (accept.includes('raw')) return { status: 200, raw: content }
      return { status: 200, body: contentFile(repository, { path, sha: entry.sha, content, ref }) }
    },
  },

  'repos/create-or-update-file-contents': {
    permission: 'contents:write',
    async handle({ repository, token, params, body }) {
      const path = params['path'] ?? ''
      if (!/^[\w+/\s=-]*$/.test(body.content)) throw new Refusal(422, 'content is not valid Base64')
      const content = Buffer.from(body.content, 'base64')
      const before = await demandUnchanged({ repository, path, body, required: false })
      const blob = await repository.git.writeBlob(content)
      const commit = await commitTo({
        repository,
        token,
        body,
        path,
        before,
        change: { path, mode: '100644', sha: blob },
      })
      const ref = body.branch ?? repository.defaultBranch
      const {
        content: _,
        encoding: __,
        git_url,
        html_url,
        download_url,
        ...described
      } = contentFile(repository, {
        path,
        sha: blob,
        content,
        ref,
      })
      const urls = { git_url: git_url ?? '', html_url: html_url ?? '', download_url: download_url ?? '' }
      const links = { self: described._links.self, git: urls.git_url, html: urls.html_url }
      return {
        status: before.entry === undefined ? 201 : 200,
        body: { content: { ...described, ...urls, _links: links }, commit },
      }
    },
  },

  'repos/delete-file': {
    permission: 'contents:write',
    async handle({ repository, token, params, body }) {
      const path = params['path'] ?? ''
      const before = await demandUnchanged({ repository, path, body, required: true })
      const commit = await commitTo({
        repository,
        token,
        body,
        path,
        before,
        change: { path, mode: '100644', sha: null },
      })
      return { status: 200, body: { content: null, commit } }
    },
  },
}

type FileWrite = Call<'repos/create-or-update-file-contents'>['body'] | Call<'repos/delete-file'>['body']

interface Before {
  readonly ref: string
  /** undefined in a repository without branches, where the file makes the first commit */
  readonly head: string | undefined
  readonly entry: { readonly sha: string } | undefined
}

/** The blob that is replaced has to be named: GitHub's compare-and-swap for files. */
async function demandUnchanged({
  repository,
  path,
  body,
  required,
}: {
  repository: HostedRepository
  path: string
  body: FileWrite
  required: boolean
}): Promise<Before> {
  const { branch = repository.defaultBranch, sha } = body
  const ref = `refs/heads/${branch}`
  const head = (await repository.git.readRef(ref))?.sha
  const isFirst = (await repository.git.listRefs('refs/heads/')).length === 0
  if (head === undefined && !isFirst) throw new Refusal(404, `Branch ${branch} not found`)
  const entry = head === undefined ? undefined : await findEntry(repository, { commit: head, path })
  if (entry === undefined && required) throw notFound()
  if (entry !== undefined && sha === undefined)
    throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
  // an absent path takes any id, and passes it over: measured, https://github.com/pome-sh/digital-twins/pull/400
  if (entry !== undefined && sha !== undefined && entry.sha !== sha)
    throw new Refusal(409, `${path} does not match ${sha}`)
  return { ref, head, entry }
}

async function commitTo({
  repository,
  token,
  body,
  path,
  before: { ref, head, entry },
  change,
}: {
  repository: HostedRepository
  token: Token
  body: FileWrite
  path: string
  before: Before
  change: TreeChange
}): Promise<Schema<'git-commit'>> {
  const { git, signed } = repository
  const { author, committer, message } = body
  const from = head ?? ''
  const sha = await git.writeCommit({
    tree: await git.writeTree(head, [change]),
    parents: head === undefined ? [] : [head],
    message,
    author: toPerson(author, token),
    committer: toPerson(committer ?? author, token),
  })
  if (token.isBot && author === undefined && committer === undefined) signed.add(sha)
  const objection = await objectionTo(repository, { ref, from, to: sha }, token)
  if (objection?.kind === 'workflows') throw new Refusal(403, explain(objection))
  if (objection?.kind === 'protection') {
    const doing = change.sha === null ? 'delete' : entry === undefined ? 'create' : 'update'
    throw new Refusal(409, `Could not ${doing} file: ${explain(objection)}`)
  }
  if (objection !== undefined) throw new Refusal(409, explain(objection))
  // GitHub answers so when another request moved the branch since it was read
  if (!(await git.moveRef(ref, { from, to: sha })))
    throw new Refusal(409, `is at ${(await git.readRef(ref))?.sha} but expected ${head}`)
  if ((await findEntry(repository, { commit: sha, path }))?.sha !== (change.sha ?? undefined))
    throw new Error(`the commit ${sha} does not hold what was written to ${path}`)
  return gitCommit(repository, await git.readCommit(sha))
}

async function findEntry(
  { git }: HostedRepository,
  { commit, path }: { commit: string; path: string },
): Promise<{ readonly sha: string; readonly type: string } | undefined> {
  const entries = await git.readTree(commit, { recursive: true, under: path })
  return entries.find((each) => each.path === path)
}

/** As an entry of a folder's listing, or the part of a file's description that is not its content. */
function contentEntry(
  { apiUrl, htmlUrl }: HostedRepository,
  { entry: { path, sha, type, size = 0 }, ref }: { entry: TreeEntry; ref: string },
): Schema<'content-directory'>[number] {
  const self = `${apiUrl}/contents/${encodeURI(path)}?ref=${encodeURIComponent(ref)}`
  const git = `${apiUrl}/git/${type}s/${sha}`
  const html = `${htmlUrl}/blob/${encodeURIComponent(ref)}/${encodeURI(path)}`
  const isFolder = type === 'tree'
  return {
    type: isFolder ? 'dir' : 'file',
    name: posix.basename(path),
    path,
    sha,
    size,
    url: self,
    git_url: git,
    html_url: html,
    download_url: isFolder ? null : `${htmlUrl}/raw/${encodeURIComponent(ref)}/${encodeURI(path)}`,
    _links: { self, git, html },
  }
}

/** Past this size, in bytes, only the raw media type has the content. */
const largestShown = 1024 * 1024

function contentFile(
  repository: HostedRepository,
  { path, sha, content, ref }: { path: string; sha: string; content: Buffer; ref: string },
): Schema<'content-file'> {
  const entry = { path, sha, type: 'blob', mode: '100644', size: content.length }
  const isShown = content.length <= largestShown
  return {
    ...contentEntry(repository, { entry, ref }),
    type: 'file',
    encoding: isShown ? 'base64' : 'none',
    content: isShown ? base64Lines(content) : '',
  }
}
