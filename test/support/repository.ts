import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '../../src/drill/runner.ts'
import { openRepository, type Repository, type RepositoryOptions } from '../../src/github/client.ts'
import { openBranchHistory } from '../../src/history/branch-history.ts'
import type { History } from '../../src/history/history.ts'
import type { DeploymentStatus, HostedRepository } from './github/hosted-repository.ts'
import { type Limits, noLimits } from './github/limits.ts'
import { type EmulatedGitHub, startGitHub } from './github/server.ts'
import type { TokenOptions } from './github/tokens.ts'

/** What a commit does to the files of the revision before it; null takes a file away. */
export type Files = Readonly<Record<string, string | null>>

/** A repository on the emulated GitHub, `octo-org/shop`, with what a test does to it from outside. */
export interface Shop {
  readonly github: EmulatedGitHub
  readonly hosted: HostedRepository
  /** what the actions' own code works on, with the token of a job */
  readonly repository: Repository
  readonly history: History
  readonly directory: string
  /** Puts a commit on a branch as a push would; makes the branch when it is not there. */
  readonly commit: (
    files: Files,
    options?: { message?: string; author?: string; branch?: string },
  ) => Promise<string>
  /** Records a deployment of the revision, and how it ended. */
  readonly deploy: (revision: string, state?: DeploymentStatus['state'], environment?: string) => void
  readonly head: (branch?: string) => Promise<string>
  readonly tree: (revision: string) => Promise<string>
  readonly open: (token?: Partial<TokenOptions>, options?: Partial<RepositoryOptions>) => Repository
  /** The job of a workflow that runs for the revision. */
  readonly job: (options: { sha: string } & Partial<Job>) => Promise<Job>
  /** Ends it. @throws Error when a request was not as GitHub's description says */
  readonly close: () => Promise<void>
}

const owner = 'octo-org'
const name = 'shop'

/** What a job's token may do when its workflow asks for what all the actions together need. */
export const jobPermissions = { contents: 'write', issues: 'write', deployments: 'read' } as const

export async function openShop({
  // many scenarios in a minute on one repository are no workflow's: those that are about limits name them
  limits = noLimits,
  archived,
  server,
  permissions = jobPermissions,
}: {
  limits?: Limits
  archived?: boolean
  server?: HostedRepository['server']
  permissions?: TokenOptions['permissions']
} = {}): Promise<Shop> {
  const directory = await mkdtemp(join(tmpdir(), 'shop-'))
  const github = await startGitHub({ directory, limits })
  const hosted = await github.createRepository({
    ...{ owner, name },
    ...(archived && { archived }),
    ...(server && { server }),
  })
  // who may press the button of a workflow may write
  hosted.roles.set('grace', 'write')
  const jobToken = { login: 'github-actions[bot]', kind: 'actions', permissions } as const
  const open = (token: Partial<TokenOptions> = {}, options: Partial<RepositoryOptions> = {}) =>
    openRepository({
      token: github.createToken({ ...jobToken, ...token }),
      owner,
      repo: name,
      apiUrl: github.apiUrl,
      userAgent: 'rollback-suite/test',
      log: () => {},
      retryPauseMs: 50,
      ...options,
    })
  const repository = open()
  // an hour ago: a machine does not roll back what is a week old
  const begun = Date.now() - 60 * 60 * 1000
  let seconds = 0

  return {
    github,
    hosted,
    repository,
    directory,
    open,
    history: openBranchHistory({ repository, branch: 'rollback-history' }),

    async commit(files, { message = 'A change', author = 'Ada', branch = 'main' } = {}) {
      const { git } = hosted
      const ref = `refs/heads/${branch}`
      const parent = (await git.readRef(ref))?.sha
      const changes = await Promise.all(
        Object.entries(files).map(async ([path, content]) => {
          return {
            path,
            mode: '100644',
            sha: content === null ? null : await git.writeBlob(Buffer.from(content)),
          }
        }),
      )
      seconds += 1
      const person = {
        name: author,
        email: `${author.toLowerCase()}@example.com`,
        date: new Date(begun + seconds * 1000),
      }
      const sha = await git.writeCommit({
        tree: await git.writeTree(parent, changes),
        parents: parent === undefined ? [] : [parent],
        message,
        author: person,
        committer: person,
      })
      if (!(await git.moveRef(ref, { from: parent ?? '', to: sha })))
        throw new Error(`${branch} moved meanwhile`)
      return sha
    },

    deploy(revision, state = 'success', environment = 'production') {
      const creator = { login: 'grace', kind: 'user', permissions: {}, value: '', isBot: false } as const
      const createdAt = new Date()
      hosted.deployments.unshift({
        id: hosted.nextId(),
        sha: revision,
        ref: revision,
        task: 'deploy',
        payload: '',
        environment,
        description: null,
        transient: false,
        production: true,
        creator,
        createdAt,
        statuses: [
          {
            id: hosted.nextId(),
            state,
            description: '',
            environment,
            logUrl: '',
            environmentUrl: '',
            creator,
            createdAt,
          },
        ],
      })
    },

    async head(branch = 'main') {
      const sha = (await hosted.git.readRef(`refs/heads/${branch}`))?.sha
      if (sha === undefined) throw new Error(`there is no branch ${branch}`)
      return sha
    },

    tree: async (revision) => (await hosted.git.readCommit(revision)).tree,

    async job({ sha, ...options }) {
      const folder = join(directory, 'job')
      await mkdir(folder, { recursive: true })
      return {
        directory: folder,
        apiUrl: github.apiUrl,
        serverUrl: github.url,
        repository: `${owner}/${name}`,
        token: github.createToken(jobToken),
        sha,
        eventName: 'push',
        event: {
          after: sha,
          repository: {
            name,
            full_name: `${owner}/${name}`,
            default_branch: 'main',
            owner: { login: owner },
          },
        },
        actor: 'grace',
        runId: '7',
        ...options,
      }
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

/** A shop with an incident: a revision that was good, deployed; one that is bad, deployed on top of it. */
export async function openBrokenShop(options: Parameters<typeof openShop>[0] = {}) {
  const shop = await openShop(options)
  await shop.commit({ 'README.md': '# Shop\n' }, { message: 'Say what this is' })
  const good = await shop.commit(
    { 'server.mjs': 'serve()\n', 'lib/price.mjs': 'export const price = 1\n' },
    { message: 'Serve products' },
  )
  shop.deploy(good)
  await shop.commit(
    { 'lib/price.mjs': 'export const price = 2\n' },
    { message: 'Raise the price', author: 'Linus' },
  )
  const bad = await shop.commit(
    { 'server.mjs': 'throw 1\n', 'lib/price.mjs': null },
    { message: 'Tidy up', author: 'Grace' },
  )
  shop.deploy(bad)
  return { ...shop, good, bad }
}
