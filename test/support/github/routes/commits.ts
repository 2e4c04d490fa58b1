import { pageOf, type Routes } from '../call.ts'
import type { FileChange } from '../git-store.ts'
import type { CommitStatus, HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { commit, commitStatus, minimalRepository, type Schema } from '../represent.ts'
import { demandContent } from './git-data.ts'

/** A comparison shows no more of each. */
const shownFiles = 300
const shownCommits = 250

/** https://docs.github.com/en/rest/commits */
export const commits: Routes = {
  'repos/get-commit': {
    permission: 'contents:read',
    async handle({ repository, params, query }) {
      await demandContent(repository)
      const ref = params['ref'] ?? ''
      const sha = await repository.git.resolve(ref)
      if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`)
      const stored = await repository.git.readCommit(sha)
      const files = await filesOf(repository, stored.parents[0] ?? emptyTree, sha)
      const stats = {
        additions: files.reduce((sum, { additions }) => sum + additions, 0),
        deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
        total: files.reduce((sum, { changes }) => sum + changes, 0),
      }
      const { body, headers } = pageOf(files, query, { usual: shownFiles, most: shownFiles })
      return { status: 200, body: { ...commit(repository, stored), stats, files: body }, headers }
    },
  },

  'repos/list-commits': {
    permission: 'contents:read',
    async handle({ repository, query }) {
      await demandContent(repository)
      const ref = query.get('sha') ?? repository.defaultBranch
      const sha = await repository.git.resolve(ref)
      if (sha === undefined) throw notFound()
      const path = query.get('path')
      const all = await repository.git.listRange(sha, path === null ? {} : { path })
      const { body, headers } = pageOf(all, query)
      const listed = await repository.git.readCommits(body)
      return { status: 200, body: listed.map((each) => commit(repository, each)), headers }
    },
  },

  'repos/compare-commits': {
    permission: 'contents:read',
    async handle({ repository, params, query }) {
      const { git, apiUrl, htmlUrl } = repository
      const [base, head] = await Promise.all([
        git.resolve(params['base'] ?? ''),
        git.resolve(params['head'] ?? ''),
      ])
      if (base === undefined || head === undefined) throw notFound()
      const stand = await git.compare(base, head)
      if (stand === undefined) throw new Refusal(404, `No common ancestor between ${base} and ${head}.`)
      const { ahead, behind, mergeBase } = stand
      const status =
        ahead > 0 ? (behind > 0 ? 'diverged' : 'ahead') : behind > 0 ? 'behind' : ('identical' as const)
      const range = ahead === 0 ? [] : await git.listRange(`${base}..${head}`, { reverse: true })
      const size = query.has('per_page') ? Math.min(100, Number(query.get('per_page'))) : shownCommits
      const page = Math.max(1, Number(query.get('page') ?? 1))
      const isPaged = query.has('per_page') || query.has('page')
      // unless pages are asked for, the newest commits are given
      const shown = isPaged ? range.slice((page - 1) * size, page * size) : range.slice(-shownCommits)
      const url = `${apiUrl}/compare/${base}...${head}`
      const html = `${htmlUrl}/compare/${base}...${head}`
      const files = page === 1 ? (await filesOf(repository, mergeBase, head)).slice(0, shownFiles) : []
      const body = {
        url,
        html_url: html,
        permalink_url: html,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
        base_commit: commit(repository, await git.readCommit(base)),
        merge_base_commit: commit(repository, await git.readCommit(mergeBase)),
        status,
        ahead_by: ahead,
        behind_by: behind,
        total_commits: ahead,
        commits: (await git.readCommits(shown)).map((each) => commit(repository, each)),
        files,
      } satisfies Schema<'commit-comparison'>
      return { status: 200, body }
    },
  },

  'repos/create-commit-status': {
    permission: 'statuses:write',
    async handle({ repository, token, params, body }) {
      const { sha = '' } = params
      if ((await repository.git.typeOf(sha)) !== 'commit' || !/^[0-9a-f]{40}$/.test(sha))
        throw new Refusal(422, `No commit found for SHA: ${sha}`)
      const stored: CommitStatus = {
        id: repository.nextId(),
        sha,
        state: body.state,
        context: body.context ?? 'default',
        description: body.description ?? null,
        targetUrl: body.target_url ?? null,
        creator: token,
        createdAt: new Date(),
      }
      repository.statuses.unshift(stored)
      return { status: 201, body: commitStatus(repository, stored) }
    },
  },

  'repos/get-combined-status-for-ref': {
    permission: 'statuses:read',
    async handle({ repository, params, query }) {
      const sha = await repository.git.resolve(params['ref'] ?? '')
      if (sha === undefined) throw notFound()
      const newest = new Map<string, CommitStatus>()
      for (const each of repository.statuses)
        if (each.sha === sha && !newest.has(each.context)) newest.set(each.context, each)
      const states = [...newest.values()].map(({ state }) => state)
      const { body, headers } = pageOf([...newest.values()], query)
      return {
        status: 200,
        headers,
        body: {
          state: combine(states),
          statuses: body.map((each) => {
            const { creator: _, ...rest } = commitStatus(repository, each)
            return rest
          }),
          sha,
          total_count: newest.size,
          repository: minimalRepository(repository),
          commit_url: `${repository.apiUrl}/commits/${sha}`,
          url: `${repository.apiUrl}/commits/${sha}/status`,
        },
      }
    },
  },
}

function combine(states: readonly CommitStatus['state'][]): 'failure' | 'pending' | 'success' {
  if (states.some((state) => state === 'error' || state === 'failure')) return 'failure'
  return states.length === 0 || states.includes('pending') ? 'pending' : 'success'
}

/** Git's own id of a tree without entries. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function filesOf(
  repository: HostedRepository,
  from: string,
  to: string,
): Promise<Schema<'diff-entry'>[]> {
  const { git, apiUrl, htmlUrl } = repository
  if (from === to) return []
  if (from === emptyTree) await git.writeTree(undefined, [])
  return (await git.diff(from, to)).map((change: FileChange) => {
    const url = change.path.split('/').map(encodeURIComponent).join('/')
    return {
      sha: change.blob,
      filename: change.path,
      status: change.status,
      additions: change.additions,
      deletions: change.deletions,
      changes: change.additions + change.deletions,
      blob_url: `${htmlUrl}/blob/${to}/${url}`,
      raw_url: `${htmlUrl}/raw/${to}/${url}`,
      contents_url: `${apiUrl}/contents/${url}?ref=${to}`,
      ...(change.previousPath !== undefined && { previous_filename: change.previousPath }),
    }
  })
}
