import { posix } from 'node:path'
import type { Call, Routes } from '../call.ts'
import type { TreeChange } from '../git-store.ts'
import type { HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { gitCommit, type Schema } from '../represent.ts'
import { objectionTo } from '../rules.ts'
import type { Token } from '../tokens.ts'
import { toPerson } from './git-data.ts'

/** https://docs.github.com/en/rest/repos/contents */
export const contents: Routes = {
  'repos/get-content': {
    permission: 'contents:read',
    async handle({ repository, params, query, accept }) {
      const { git, defaultBranch } = repository
      const ref = query.get('ref') ?? defaultBranch
      const commit = await git.resolve(ref)
      if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`)
      const path = params['path'] ?? ''
      const entry = await findEntry(repository, { commit, path })
      if (entry?.type !== 'blob') throw notFound()
      const content = await git.readBlob(entry.sha)
      if (accept.includes('raw')) return { status: 200, raw: content }
      return { status: 200, body: contentFile(repository, { path, sha: entry.sha, content, ref }) }
    },
  },

  'repos/create-or-update-file-contents': {
    permission: 'contents:write',
    async handle({ repository, token, params, body }) {
      const path = params['path'] ?? ''
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
  readonly head: string
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
  const branch = body.branch ?? repository.defaultBranch
  const ref = `refs/heads/${branch}`
  const head = (await repository.git.readRef(ref))?.sha
  if (head === undefined) throw new Refusal(404, `Branch ${branch} not found`)
  const entry = await findEntry(repository, { commit: head, path })
  if (entry === undefined && required) throw notFound()
  if (entry !== undefined && body.sha === undefined)
    throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
  if (body.sha !== undefined && entry?.sha !== body.sha)
    throw new Refusal(409, `${path} does not match ${body.sha}`)
  return { ref, head, entry }
}

async function commitTo({
  repository,
  token,
  body,
  path,
  before: { ref, head },
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
  const author = toPerson(body.author, token)
  const committer = toPerson(body.committer ?? body.author, token)
  const tree = await git.writeTree(head, [change])
  const sha = await git.writeCommit({ tree, parents: [head], message: body.message, author, committer })
  if (token.isBot && body.author === undefined) signed.add(sha)
  const objection = await objectionTo(repository, { ref, from: head, to: sha }, token)
  if (objection?.kind === 'workflows') throw new Refusal(403, objection.message)
  if (objection !== undefined) throw new Refusal(409, objection.message)
  // GitHub answers so when another request moved the branch since it was read
  if (!(await git.moveRef(ref, { from: head, to: sha })))
    throw new Refusal(409, `is at ${(await git.readRef(ref))?.sha} but expected ${head}`)
  if ((await findEntry(repository, { commit: sha, path }))?.sha !== (change.sha ?? undefined))
    throw new Error(`the commit ${sha} does not hold what was written to ${path}`)
  return gitCommit(repository, await git.readCommit(sha))
}

async function findEntry(
  { git }: HostedRepository,
  { commit, path }: { commit: string; path: string },
): Promise<{ readonly sha: string; readonly type: string } | undefined> {
  const entries = await git.readTree(commit, { recursive: true })
  return entries.find((each) => each.path === path)
}

function contentFile(
  { apiUrl, htmlUrl }: HostedRepository,
  { path, sha, content, ref }: { path: string; sha: string; content: Buffer; ref: string },
): Schema<'content-file'> {
  const self = `${apiUrl}/contents/${encodeURI(path)}?ref=${encodeURIComponent(ref)}`
  const git = `${apiUrl}/git/blobs/${sha}`
  const html = `${htmlUrl}/blob/${encodeURIComponent(ref)}/${encodeURI(path)}`
  return {
    type: 'file',
    name: posix.basename(path),
    path,
    sha,
    size: content.length,
    url: self,
    git_url: git,
    html_url: html,
    download_url: `${htmlUrl}/raw/${encodeURIComponent(ref)}/${encodeURI(path)}`,
    encoding: 'base64',
    content: content.toString('base64'),
    _links: { self, git, html },
  }
}
