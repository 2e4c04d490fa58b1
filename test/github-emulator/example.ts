import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import type { HostedRepository, RepositoryOptions } from '../support/github/hosted-repository.ts'
import type { Limits } from '../support/github/limits.ts'
import { type EmulatedGitHub, startGitHub } from '../support/github/server.ts'
import type { TokenOptions } from '../support/github/tokens.ts'

export const owner = 'octo-org'
export const repo = 'shop'
/** what every request to the repository names */
export const shop = { owner, repo }

/** A token that may do all that the emulator has a route for. */
export const allPermissions = {
  actions: 'write',
  checks: 'write',
  'pull-requests': 'write',
  actions_variables: 'write',
  contents: 'write',
  deployments: 'write',
  environments: 'write',
  issues: 'write',
  organization_actions_variables: 'write',
  secrets: 'read',
  statuses: 'write',
  workflows: 'write',
} as const

export interface Example {
  readonly github: EmulatedGitHub
  readonly hosted: HostedRepository
  readonly directory: string
  /** the API as a workflow's job with all permissions sees it, asked by an Octokit that repeats nothing */
  readonly octokit: Octokit
  /** the same, with another token */
  readonly as: (token: Partial<TokenOptions>) => Octokit
  readonly token: (token?: Partial<TokenOptions>) => string
  /** Asks the API without a client in between. */
  readonly ask: (
    method: string,
    path: string,
    options?: {
      readonly body?: unknown
      readonly token?: string
      readonly headers?: Readonly<Record<string, string>>
    },
  ) => Promise<Response>
  /** Puts a commit with these files, and no others, on a branch. */
  readonly commit: (
    files: Readonly<Record<string, string>>,
    options?: { readonly branch?: string; readonly message?: string; readonly parent?: string },
  ) => Promise<string>
  /** @throws Error when there was a violation that no test took */
  readonly close: () => Promise<void>
}

/** An emulated GitHub with one repository, `octo-org/shop`, that is empty. */
export async function openExample({
  limits,
  ...options
}: { readonly limits?: Limits } & Partial<RepositoryOptions> = {}): Promise<Example> {
  const directory = await mkdtemp(join(tmpdir(), 'github-'))
  const github = await startGitHub({ directory, ...(limits && { limits }) })
  const hosted = await github.createRepository({ owner, name: repo, ...options })
  const token = (given: Partial<TokenOptions> = {}) =>
    github.createToken({
      login: 'github-actions[bot]',
      kind: 'actions',
      permissions: allPermissions,
      ...given,
    })
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const as = (given: Partial<TokenOptions>) =>
    new Octokit({ auth: token(given), baseUrl: github.apiUrl, log: silent })
  const allowed = token()

  return {
    github,
    hosted,
    directory,
    octokit: as({}),
    as,
    token,

    ask: (method, path, { body, token: value = allowed, headers = {} } = {}) =>
      fetch(`${github.apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${value}`, ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),

    async commit(files, { branch = 'main', message = 'A change', parent } = {}) {
      const { git } = hosted
      const ref = `refs/heads/${branch}`
      const head = (await git.readRef(ref))?.sha
      const onto = parent ?? head
      const changes = Object.entries(files).map(async ([path, content]) => {
        return { path, mode: '100644', sha: await git.writeBlob(Buffer.from(content)) }
      })
      const person = { name: 'Ada', email: 'ada@example.com', date: new Date('2026-11-24T03:00:00Z') }
      const sha = await git.writeCommit({
        tree: await git.writeTree(undefined, await Promise.all(changes)),
        parents: onto === undefined ? [] : [onto],
        message,
        author: person,
        committer: person,
      })
      await git.moveRef(ref, { from: head ?? '', to: sha })
      return sha
    },

    async close() {
      try {
        await github.stop()
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
  }
}

/** What GitHub said when it refused: `422 Update is not a fast forward`. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request
  } catch (error) {
    const { status, response } = error as { status: number; response?: { data: { message: string } } }
    return `${status} ${response?.data.message}`
  }
  throw new Error('it was not refused')
}
