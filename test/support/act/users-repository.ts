import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { git, openProduction, type Production } from '../../../src/drill/production.ts'
import { openRepository, type Repository } from '../../../src/github/client.ts'
import { openBranchHistory } from '../../../src/history/branch-history.ts'
import type { Event } from '../../../src/history/event.ts'
import { applyMigrations } from '../../../src/layers/database/migrations/apply.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import type { HostedRepository } from '../github/hosted-repository.ts'
import { type EmulatedGitHub, startGitHub } from '../github/server.ts'
import type { Level } from '../github/tokens.ts'
import { type ActOptions, runWorkflow } from './act.ts'
import type { Outcome, WorkflowRun } from './log.ts'
import { type Permissions, permissionsOfJob } from './permissions.ts'

export interface UsersRepository {
  readonly github: EmulatedGitHub
  readonly hosted: HostedRepository
  /** what the deploy of their workflow reaches: a POST with a revision deploys it */
  readonly production: Production & { readonly hookUrl: string }
  /** Commits and pushes as one of their people. @returns the new head */
  readonly push: (title: string, files: Readonly<Record<string, string | null>>) => Promise<string>
  readonly head: () => Promise<string>
  /** The repository as somebody uses it through the API. */
  readonly as: (login: string) => Repository
  /** what the history tells, oldest first */
  readonly events: () => Promise<readonly Event[]>
  /** Runs a workflow of the repository as GitHub would for the event, at the head of main unless a revision is given. */
  readonly run: (workflow: string, options?: RunOptions) => Promise<WorkflowRun>
  readonly close: () => Promise<void>
}

export type RunOptions = Partial<
  Pick<ActOptions, 'inputs' | 'secrets' | 'vars' | 'env' | 'actor' | 'change' | 'event' | 'runId'>
> & { readonly payload?: Readonly<Record<string, unknown>>; readonly sha?: string }

const owner = 'octo-org'
const name = 'shop'

/** An empty repository on the emulated GitHub, a production with nothing deployed, and a clone to push from. */
export async function openUsersRepository(): Promise<UsersRepository> {
  const directory = await mkdtemp(join(tmpdir(), 'user-'))
  const github = await startGitHub({ directory: join(directory, 'github') })
  const hosted = await github.createRepository({ owner, name, defaultBranch: 'main' })
  const person = github.createToken({
    login: 'grace',
    kind: 'user',
    permissions: { contents: 'write', workflows: 'write' },
  })
  hosted.roles.set('grace', 'write')
  const as = (login: string) => {
    const permissions = { contents: 'read', issues: 'write' } as const
    const token = github.createToken({ login, kind: login.endsWith('[bot]') ? 'app' : 'user', permissions })
    return openRepository({
      token,
      owner,
      repo: name,
      apiUrl: github.apiUrl,
      userAgent: 'a person',
      log: () => {},
    })
  }
  const cloneUrl = hosted.cloneUrl.replace('://', `://x-access-token:${person}@`)
  const production: Production = await openProduction({
    directory: join(directory, 'production'),
    cloneUrl,
    migrate: async (database, revision) => {
      const { clone } = production
      const paths = (await git(clone, 'ls-tree', '-r', '--name-only', revision)).split('\n')
      await applyMigrations({
        engine: await openEngine(
          { engine: 'sqlite', path: database },
          { env: process.env, scratch: directory, log: () => {} },
        ),
        folder: 'db',
        revision: {
          id: revision,
          paths,
          read: (path) => git(clone, 'show', `${revision}:${path}`).catch(() => undefined),
        },
        command: undefined,
        allowIrregular: false,
        dryRun: false,
        now: () => new Date(),
        log: () => {},
      })
    },
  })
  const hook = await openDeployHook(production)

  const users: UsersRepository = {
    github,
    hosted,
    production: { ...production, hookUrl: hook.url },
    push: (title, files) => production.push([{ title, author: 'Grace', files }]),
    as,
    events: async () =>
      (await openBranchHistory({ repository: as('grace'), branch: 'rollback-history' }).read()).events,
    head: async () => (await hosted.git.readRef('refs/heads/main'))?.sha ?? '',

    async run(workflow, { event = 'push', payload = {}, sha, actor = 'grace', env = {}, ...options } = {}) {
      await git(production.clone, 'fetch', '--quiet', 'origin')
      const revision = sha ?? (await git(production.clone, 'rev-parse', 'origin/main'))
      // where act finds the revision that the workflow runs for
      const clone = await mkdtemp(join(directory, 'checkout-'))
      await git(clone, 'clone', '--quiet', cloneUrl, '.')
      await git(clone, 'switch', '--quiet', '-C', 'main', revision)
      const text = readFileSync(join(clone, workflow), 'utf8')
      const follow = followDeployments({ text, hosted, revision })
      const permissions: Record<string, Level> = {}
      const run = await runWorkflow({
        clone,
        workflow,
        event,
        payload: { ...payloadOf(event, revision, hosted), ...payload },
        github,
        repository: `${owner}/${name}`,
        token: github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions }),
        actor,
        env: { DEPLOY_HOOK: hook.url, ...env },
        onJob: (job, outcome, release) => {
          // each job has a token of its own on GitHub, and one after the other they use this one
          if (outcome === 'started') replaceAll(permissions, permissionsOfJob(job, text, release))
          follow(job, outcome)
        },
        ...options,
      })
      return run
    },

    async close() {
      await hook.close()
      await production.stop()
      try {
        await github.stop()
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
  }
  github.onRequest(({ operation, status }) => {
    if (operation === 'actions/create-workflow-dispatch' && (status ?? 200) < 300) startDispatched(users)
  })
  return users
}

function replaceAll(permissions: Record<string, Level>, next: Permissions): void {
  for (const scope of Object.keys(permissions)) delete permissions[scope]
  Object.assign(permissions, next)
}

/** Starts what was asked for by the API, as GitHub does: the run is there at once, and ends when it ends. */
function startDispatched({ hosted, run }: UsersRepository): void {
  const [dispatch, started] = [hosted.dispatches.at(-1), hosted.runs.at(-1)]
  if (dispatch === undefined || started === undefined) return
  const inputs = Object.fromEntries(
    Object.entries(dispatch.inputs).map(([key, value]) => [key, String(value)]),
  )
  const options = {
    event: 'workflow_dispatch',
    actor: dispatch.actor,
    inputs,
    sha: started.sha,
    runId: String(started.id),
  }
  run(`.github/workflows/${dispatch.workflow}`, options).then(
    ({ exitCode }) =>
      Object.assign(started, { status: 'completed', conclusion: exitCode === 0 ? 'success' : 'failure' }),
    () => Object.assign(started, { status: 'completed', conclusion: 'failure' }),
  )
}

function payloadOf(event: string, revision: string, { htmlUrl }: HostedRepository): Record<string, unknown> {
  const repository = {
    name,
    full_name: `${owner}/${name}`,
    default_branch: 'main',
    html_url: htmlUrl,
    owner: { login: owner },
  }
  const base = { repository, sender: { login: 'grace', type: 'User' } }
  return event === 'push' ? { ...base, ref: 'refs/heads/main', after: revision, deleted: false } : base
}

/** A job with an `environment:` is a deployment to GitHub, from its start to its end; act makes none. */
function followDeployments({
  text,
  hosted,
  revision,
}: {
  text: string
  hosted: HostedRepository
  revision: string
}): (job: string, outcome: Outcome | 'started') => void {
  const { jobs }: { jobs: Record<string, { environment?: string | { name: string } }> } = parse(text)
  const creator = {
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: {},
    value: '',
    isBot: true,
  } as const
  return (job, outcome) => {
    const declared = jobs[job]?.environment
    if (declared === undefined || outcome === 'skipped') return
    const environment = typeof declared === 'string' ? declared : declared.name
    const createdAt = new Date()
    if (outcome === 'started') {
      hosted.deployments.unshift({
        ...{ id: hosted.nextId(), sha: revision, ref: 'main', task: 'deploy', payload: '', environment },
        ...{ description: null, transient: false, production: true, creator, createdAt, statuses: [] },
      })
      return
    }
    const own = hosted.deployments.find((each) => each.environment === environment && each.sha === revision)
    own?.statuses.unshift({
      ...{
        id: hosted.nextId(),
        state: outcome,
        description: '',
        environment,
        logUrl: '',
        environmentUrl: '',
      },
      ...{ creator, createdAt },
    })
  }
}

/** As hosters have: a POST to an address deploys. */
async function openDeployHook(production: Production): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    text(request).then((revision) => {
      production.deploy(revision.trim()).then(
        () => response.end('deployed\n'),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
