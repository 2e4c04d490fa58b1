import type { Routes } from '../call.ts'
import type { TreeChange } from '../git-store.ts'
import type { HostedRepository } from '../hosted-repository.ts'
import type { Person } from '../object-text.ts'
import { invalid, notFound, Refusal } from '../refusal.ts'
import { gitCommit, gitRef, gitTag } from '../represent.ts'
import { demandRefChange } from '../rules.ts'
import type { Token } from '../tokens.ts'

/** https://docs.github.com/en/rest/git */
export const gitData: Routes = {
  'git/get-ref': {
    permission: 'contents:read',
    async handle({ repository, params }) {
      await demandContent(repository)
      const ref = await repository.git.readRef(`refs/${params['ref']}`)
      if (ref === undefined) throw notFound()
      return { status: 200, body: gitRef(repository, ref) }
    },
  },

  'git/list-matching-refs': {
    permission: 'contents:read',
    async handle({ repository, params }) {
      await demandContent(repository)
      const refs = await repository.git.listRefs(`refs/${params['ref']}`)
      return { status: 200, body: refs.map((ref) => gitRef(repository, ref)) }
    },
  },

  'git/create-ref': {
    permission: 'contents:write',
    async handle({ repository, token, body: { ref, sha } }) {
      await demandContent(repository)
      await demandRefName(repository, ref)
      const type = await objectType(repository, sha)
      if (await repository.git.readRef(ref)) throw new Refusal(422, 'Reference already exists')
      await demandRefChange(repository, { ref, from: '', to: sha }, token)
      if (!(await repository.git.moveRef(ref, { from: '', to: sha }))) {
        // made by another request since it was looked for here, or not what git lets be there
        const isThere = (await repository.git.readRef(ref)) !== undefined
        throw new Refusal(422, isThere ? 'Reference already exists' : 'Reference update failed')
      }
      return { status: 201, body: gitRef(repository, { name: ref, sha, type }) }
    },
  },

  'git/update-ref': {
    permission: 'contents:write',
    async handle({ repository, token, params, body: { sha, force = false } }) {
      const name = `refs/${params['ref']}`
      const type = await objectType(repository, sha)
      const ref = await repository.git.readRef(name)
      if (ref === undefined) throw new Refusal(422, 'Reference does not exist')
      if (!force && !(await repository.git.isAncestor(ref.sha, sha)))
        throw new Refusal(422, 'Update is not a fast forward')
      await demandRefChange(repository, { ref: name, from: ref.sha, to: sha }, token)
      if (!(await repository.git.moveRef(name, { from: ref.sha, to: sha }))) {
        // moved by another request since it was read here, or not what git lets be there
        const hasMoved = (await repository.git.readRef(name))?.sha !== ref.sha
        throw new Refusal(422, hasMoved ? 'Update is not a fast forward' : 'Reference update failed')
      }
      return { status: 200, body: gitRef(repository, { name, sha, type }) }
    },
  },

  'git/delete-ref': {
    permission: 'contents:write',
    async handle({ repository, token, params }) {
      const name = `refs/${params['ref']}`
      const ref = await repository.git.readRef(name)
      if (ref === undefined) throw new Refusal(422, 'Reference does not exist')
      if (name === `refs/heads/${repository.defaultBranch}`)
        throw new Refusal(422, 'Cannot delete the default branch')
      await demandRefChange(repository, { ref: name, from: ref.sha, to: '' }, token)
      await repository.git.deleteRef(name)
      return { status: 204 }
    },
  },

  'git/get-commit': {
    permission: 'contents:read',
    async handle({ repository, params }) {
      await demandContent(repository)
      const sha = params['commit_sha'] ?? ''
      if ((await objectType(repository, sha, 404)) !== 'commit') throw notFound()
      return { status: 200, body: gitCommit(repository, await repository.git.readCommit(sha)) }
    },
  },

  'git/create-commit': {
    permission: 'contents:write',
    async handle({ repository, token, body }) {
      const { git, signed } = repository
      await demandContent(repository)
      if ((await objectType(repository, body.tree)) !== 'tree')
        throw new Refusal(422, 'Tree SHA does not exist')
      for (const parent of body.parents ?? []) {
        if ((await objectType(repository, parent)) !== 'commit')
          throw new Refusal(422, 'Parent SHA does not exist or is not a commit object')
      }
      const author = toPerson(body.author, token)
      const sha = await git.writeCommit({
        tree: body.tree,
        parents: body.parents ?? [],
        message: body.message,
        author,
        committer: toPerson(body.committer ?? body.author, token),
      })
      if (token.isBot && body.author === undefined && body.committer === undefined) signed.add(sha)
      return { status: 201, body: gitCommit(repository, await git.readCommit(sha)) }
    },
  },

  'git/get-tree': {
    permission: 'contents:read',
    async handle({ repository, params, query }) {
      await demandContent(repository)
      const { git, apiUrl } = repository
      const named = params['tree_sha'] ?? ''
      const revision = (await git.resolve(named)) ?? named
      const tree = (await git.typeOf(`${revision}^{tree}`)) === 'tree' ? revision : undefined
      if (tree === undefined) throw notFound()
      const sha = (await git.git(['rev-parse', `${tree}^{tree}`])).toString('utf8').trim()
      const entries = await git.readTree(sha, { recursive: query.has('recursive') })
      const body = {
        sha,
        url: `${apiUrl}/git/trees/${sha}`,
        truncated: entries.length > repository.listedEntries,
        tree: entries
          .slice(0, repository.listedEntries)
          .map((entry) => ({ ...entry, url: `${apiUrl}/git/${entry.type}s/${entry.sha}` })),
      }
      return { status: 200, body }
    },
  },

  'git/create-tree': {
    permission: 'contents:write',
    async handle({ repository, body }) {
      await demandContent(repository)
      const { git, apiUrl } = repository
      const { base_tree: base, tree: wanted } = body
      if (base !== undefined && (await git.typeOf(`${base}^{tree}`)) !== 'tree')
        throw new Refusal(422, 'base_tree is not a valid tree oid')
      const held = base === undefined ? [] : await git.readTree(base, { recursive: true })
      const changes = await Promise.all(
        wanted.map(async ({ path = '', mode, sha, content }): Promise<TreeChange> => {
          if (path.split('/').some((part) => ['', '.', '..', '.git'].includes(part)))
            throw new Refusal(422, 'tree.path contains a malformed path component')
          if (mode === undefined) throw new Refusal(422, 'Must supply a valid tree.mode')
          if ((sha === undefined) === (content === undefined))
            throw new Refusal(
              422,
              'Must supply either tree.sha or tree.content. Request will be rejected if both are present.',
            )
          if (sha === undefined) return { path, mode, sha: await git.writeBlob(Buffer.from(content ?? '')) }
          const isThere =
            sha === null
              ? held.some((each) => each.path === path)
              : mode === '160000' || (await git.typeOf(sha)) === (mode === '040000' ? 'tree' : 'blob')
          if (!isThere) throw new Refusal(422, 'GitRPC::BadObjectState')
          return { path, mode, sha }
        }),
      )
      const sha = await git.writeTree(base, changes)
      const entries = await git.readTree(sha, { recursive: false })
      const tree = entries.map((entry) => ({ ...entry, url: `${apiUrl}/git/${entry.type}s/${entry.sha}` }))
      return { status: 201, body: { sha, url: `${apiUrl}/git/trees/${sha}`, truncated: false, tree } }
    },
  },

  'git/get-blob': {
    permission: 'contents:read',
    async handle({ repository: { git, apiUrl }, params }) {
      const sha = params['file_sha'] ?? ''
      if ((await git.typeOf(sha)) !== 'blob') throw notFound()
      const content = await git.readBlob(sha)
      const body = {
        sha,
        node_id: sha,
        size: content.length,
        url: `${apiUrl}/git/blobs/${sha}`,
        content: base64Lines(content),
        encoding: 'base64',
      }
      return { status: 200, body }
    },
  },

  'git/create-blob': {
    permission: 'contents:write',
    async handle({ repository, body: { content, encoding = 'utf-8' } }) {
      await demandContent(repository)
      const sha = await repository.git.writeBlob(
        Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'),
      )
      return { status: 201, body: { sha, url: `${repository.apiUrl}/git/blobs/${sha}` } }
    },
  },

  'git/get-tag': {
    permission: 'contents:read',
    async handle({ repository, params }) {
      const sha = params['tag_sha'] ?? ''
      if ((await objectType(repository, sha, 404)) !== 'tag') throw notFound()
      return { status: 200, body: gitTag(repository, await repository.git.readTag(sha)) }
    },
  },

  'git/create-tag': {
    permission: 'contents:write',
    async handle({ repository, token, body: { tag, message, object, type, tagger } }) {
      if ((await objectType(repository, object)) !== type)
        throw invalid('Tag', 'object', `object is not a ${type}`)
      const sha = await repository.git.writeTag({
        tag,
        message,
        object: { sha: object, type },
        tagger: toPerson(tagger, token),
      })
      return { status: 201, body: gitTag(repository, await repository.git.readTag(sha)) }
    },
  },
}

/** A repository that has branches never loses the last one, so each is asked until it has one. */
const withContent = new WeakSet<HostedRepository>()

/** GitHub answers every question about the content of a repository without branches so. */
export async function demandContent(repository: HostedRepository): Promise<void> {
  if (withContent.has(repository)) return
  const branches = await repository.git.listRefs('refs/heads/')
  if (branches.length === 0) throw new Refusal(409, 'Git Repository is empty.')
  withContent.add(repository)
}

async function demandRefName({ git }: HostedRepository, ref: string): Promise<void> {
  if (ref.split('/').length < 3)
    throw new Refusal(422, 'Reference name must contain at least three slash-separated components.')
  const isName = ref.startsWith('refs/') && (await git.isRefName(ref))
  if (!isName) throw new Refusal(422, `${ref} is not a valid ref name.`)
}

/** Base64 as GitHub writes it, in lines of 60 characters. */
export function base64Lines(content: Buffer): string {
  return content.toString('base64').replace(/.{1,60}/g, '$&\n')
}

async function objectType({ git }: HostedRepository, sha: string, status = 422): Promise<string> {
  if (!/^[0-9a-f]{40}$/.test(sha))
    throw new Refusal(422, 'The sha parameter must be exactly 40 characters and contain only [0-9a-f].')
  const type = await git.typeOf(sha)
  if (type === undefined) throw status === 404 ? notFound() : new Refusal(422, 'Object does not exist')
  return type
}

/** Who a commit or a tag is by: the token's account, unless the request says otherwise. */
export function toPerson(
  given: { name?: string; email?: string; date?: string } | undefined,
  { login }: Token,
): Person {
  return {
    name: given?.name ?? login,
    email: given?.email ?? `${login}@users.noreply.github.com`,
    date: given?.date === undefined ? new Date() : new Date(given.date),
  }
}
