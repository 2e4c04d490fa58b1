/**
 * Runs the front door in generated worlds, in this process, and looks from outside at what it says. Prints one line of JSON:
 * how many worlds, how they ended, and the first one that contradicts.
 * `node simulate.ts COUNT [SEED]`
 */
import { writeSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { openCodePush } from '../../src/layers/ota/code-push.ts'
import { connect, offersOf } from '../support/codepush/connect.ts'
import { startMicrosoft } from '../support/codepush/microsoft.ts'
import { entryOf } from '../support/entry.ts'
import type { HostedRepository } from '../support/github/hosted-repository.ts'
import { startGitHub } from '../support/github/server.ts'
import { type BuiltWorld, buildWorld, settingsOf } from './build.ts'
import { contentOf, contradictions, type Ended, rightfulEnvironment, type Seen } from './outside.ts'
import { layersOf, type World, worlds } from './world.ts'

const [count = '100', seed] = process.argv.slice(2)
const directory = await mkdtemp(join(tmpdir(), 'worlds-'))
const github = await startGitHub({
  directory,
  limits: { requestsPerHour: 1e9, writesPerMinute: 1e9, writesPerHour: 1e9, pointsPerMinute: 1e9 },
})
const updates = await startMicrosoft()
const devices = openCodePush(connect(updates), 'microsoft')
const running = new Map<string, { readonly file: string; readonly text: string }>()
const service = createServer((request, response) => {
  const text = running.get((request.url ?? '').slice(1))?.text
  response
    .writeHead(text === undefined || text.startsWith('broken') ? 500 : 200, { connection: 'close' })
    .end()
})
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
const address = service.address()
const serviceUrl = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : ''
const owner = 'octo-org'
const outcomes: Record<string, number> = {}
let printed = ''
process.stdout.write = (chunk: string | Uint8Array) => {
  printed += String(chunk)
  return true
}
let nth = 0

/** The layers of the world that is simulated, beside the code. */
interface Layers {
  readonly database: string | undefined
  readonly channel: string | undefined
  /** content by the hash of its package */
  readonly packages: ReadonlyMap<string, string>
}

function query(database: string, sql: string): readonly unknown[] {
  const connection = new DatabaseSync(database)
  try {
    return connection.prepare(sql).all()
  } finally {
    connection.close()
  }
}

/** What deployments have made of the database and the updates. @param isDeployed the last commit, with its migration, is */
async function openLayersOf(world: World, app: string, isDeployed: boolean): Promise<Layers> {
  const has = layersOf(world)
  const database = has.database ? join(directory, `${app}.db`) : undefined
  if (database !== undefined) {
    query(database, 'CREATE TABLE product (name TEXT PRIMARY KEY)')
    query(database, 'CREATE TABLE schema_migrations (version int, dirty boolean)')
    if (isDeployed) {
      query(database, 'ALTER TABLE product ADD stars')
      query(database, 'INSERT INTO schema_migrations VALUES (1, 0)')
    }
  }
  const packages = new Map<string, string>()
  const channel = has.ota ? `${app}/Production` : undefined
  if (channel !== undefined) {
    updates.createApp(app)
    for (const content of isDeployed ? ['good', 'bad'] : ['good']) {
      updates.release(app, { content })
      packages.set((await offersOf(devices, channel))[0] ?? '', content)
    }
  }
  return { database, channel, packages }
}

async function see(
  repository: HostedRepository,
  environment: string,
  { database, channel, packages }: Layers,
): Promise<Seen> {
  const refs = new Map((await repository.git.listRefs('refs/')).map(({ name, sha }) => [name, sha]))
  const there = running.get(environment)
  const text = there?.text
  const columns = database && JSON.stringify(query(database, "SELECT name FROM pragma_table_info('product')"))
  const [offer] = channel === undefined ? [] : await offersOf(devices, channel)
  return {
    running: there,
    isMigrated: columns?.includes('stars'),
    offered: offer && (packages.get(offer) ?? offer),
    refs,
    head: await contentOf(repository, refs.get('refs/heads/main') ?? ''),
    isWell: text === undefined ? undefined : !text.startsWith('broken'),
  }
}

async function put(
  repository: HostedRepository,
  world: World,
  environment: string,
  revision: string,
): Promise<void> {
  const file = world.settings === 'apps' && environment === 'staging' ? 'api/state' : 'web/state'
  const content = await contentOf(repository, revision)
  running.set(environment, { file, text: content[file] ?? '' })
}

function payloadOf(world: World, { main, feature, fork }: BuiltWorld, repository: { full_name: string }) {
  const shaOf = (of: number | 'feature' | 'fork') =>
    of === 'feature' ? feature : of === 'fork' ? fork : main[of]
  const { event, actor } = world
  switch (event.kind) {
    case 'workflow_run':
      return {
        workflow_run: {
          head_sha: shaOf(event.of),
          head_branch: 'main',
          head_repository: event.foreign ? { full_name: 'evil/shop' } : repository,
        },
      }
    case 'deployment_status':
      return {
        deployment: {
          sha: shaOf(event.of),
          environment: event.environment,
          transient_environment: event.transient,
        },
      }
    case 'issue_comment':
      return {
        action: event.action,
        issue: { number: 1 },
        comment: { id: 1, body: '/rollback', user: { login: event.isAuthor ? actor : 'ada', type: 'User' } },
        sender: { login: actor },
      }
    default:
      return {}
  }
}

async function runOnce(
  world: World,
  built: BuiltWorld,
  {
    repository,
    database,
    time,
  }: { repository: HostedRepository; database: string | undefined; time: number },
): Promise<Ended> {
  nth += 1
  const folder = join(directory, `run-${nth}`)
  await mkdir(folder)
  const full = { full_name: `${owner}/${repository.name}`, default_branch: 'main' }
  const [output, summary, payload] = [
    join(folder, 'output'),
    join(folder, 'summary'),
    join(folder, 'event.json'),
  ]
  await Promise.all([
    writeFile(output, ''),
    writeFile(summary, ''),
    writeFile(payload, JSON.stringify({ ...payloadOf(world, built, full), repository: full })),
  ])
  const { inputs, event, actor } = world
  const revisions = { '': '', head: built.main.at(-1), feature: built.feature, fork: built.fork }
  for (const name of Object.keys(process.env)) if (/^(?:INPUT|GITHUB)_/.test(name)) delete process.env[name]
  const token = github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: {
      contents: 'write',
      actions: 'write',
      deployments: 'read',
      issues: 'write',
      'pull-requests': 'write',
    },
  })
  Object.assign(process.env, {
    GITHUB_REPOSITORY: full.full_name,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SERVER_URL: github.url,
    GITHUB_SHA: built.main.at(-1),
    GITHUB_EVENT_NAME: event.kind,
    GITHUB_EVENT_PATH: payload,
    GITHUB_ACTOR: actor,
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'guard',
    GITHUB_ACTION: `rollback-${nth}`,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    RUNNER_TEMP: folder,
    INPUT_TOKEN: token,
    INPUT_ENVIRONMENT: inputs.environment,
    // where nothing is given, the runner hands over the default
    INPUT_TARGET: inputs.target || (world.action === 'git-rollback' ? 'last-successful-deployment' : ''),
    INPUT_HOLD: inputs.hold,
    INPUT_REVISION: revisions[inputs.revision],
    DATABASE_URL: database === undefined ? '' : `sqlite:${database}`,
    CODEPUSH_ACCESS_KEY: updates.accessKey,
    ...inputsOf(world, time),
  })
  printed = ''
  process.exitCode = 0
  // the module runs the action when it is evaluated, and under a new address it is evaluated anew
  await import(`${entryOf(world.action)}?run=${nth}`)
  const exitCode = Number(process.exitCode ?? 0)
  process.exitCode = 0
  const text = await readFile(output, 'utf8')
  const pairs = [...text.matchAll(/^([^\n<]+)<<([^\n]+)\n([\s\S]*?)\n\2$/gm)].map(([, name, , value]) => [
    name,
    value,
  ])
  return { exitCode, outputs: Object.fromEntries(pairs), log: printed }
}

/** The same wish in the inputs of each action. */
function inputsOf(
  { action, inputs: { mode, paths, strictFrom }, redeploy }: World,
  time: number,
): Readonly<Record<string, string>> {
  if (action === 'rollback') return { INPUT_MODE: mode }
  return {
    'INPUT_DRY-RUN': String(mode === 'plan'),
    INPUT_PATHS: paths[time - 1] ?? '',
    ...(time >= strictFrom && { 'INPUT_MAX-COMMITS': '0' }),
    ...(redeploy === 'workflow' && {
      INPUT_REDEPLOY: 'deploy.yml',
      'INPUT_REDEPLOY-INPUTS': 'revision={revision}',
    }),
  }
}

async function check(world: World): Promise<void> {
  running.clear()
  const app = `shop-${nth}-${Math.random().toString(36).slice(2)}`
  const repository = await github.createRepository({ owner, name: app })
  const servers = {
    serviceUrl,
    updatesUrl: updates.url,
    channel: `${app}/Production`,
    storage: join(directory, `${app}-backups`),
  }
  const built = await buildWorld(repository, world, settingsOf(world, servers))
  for (const each of [...repository.deployments].reverse())
    if (each.statuses[0]?.state === 'success' && !each.transient && each.task === 'deploy')
      await put(repository, world, each.environment, each.sha)
  const environment = rightfulEnvironment(world) ?? 'production'
  const isDeployed = world.deployments.some(
    ({ of, environment: to, state, transient, task }) =>
      of === world.commits.length - 1 &&
      to === 'production' &&
      state === 'success' &&
      !transient &&
      task === 'deploy',
  )
  const layers = await openLayersOf(world, app, isDeployed)
  let failures = world.failedDeploys
  const stop = github.onRequest(async () => {
    for (const run of repository.runs.filter(({ status }) => status === 'queued')) {
      run.status = 'completed'
      run.conclusion = failures > 0 ? 'failure' : 'success'
      failures -= 1
      if (run.conclusion === 'success') await put(repository, world, environment, run.sha)
    }
  })
  try {
    for (let time = 1; time <= world.times; time += 1) {
      const before = await see(repository, environment, layers)
      const ended = await runOnce(world, built, { repository, database: layers.database, time })
      const after = await see(repository, environment, layers)
      const { decision, 'reason-code': reason } = ended.outputs
      const word = reason === 'invalid-input' ? 'refused' : (decision ?? 'refused')
      const key = `${ended.exitCode === 0 ? '' : 'failed: '}${word}`
      outcomes[key] = (outcomes[key] ?? 0) + 1
      const found = contradictions(world, { before, after, ended, nth: time })
      if (found.length > 0 || /\bunexpected: /.test(ended.log))
        throw new Error(`${found.join('; ')}\nrun ${time}: ${JSON.stringify(ended.outputs)}\n${ended.log}`)
    }
  } finally {
    stop()
  }
}

const details = await fc.check(fc.asyncProperty(worlds, check), {
  numRuns: Number(count),
  ...(seed !== undefined && { seed: Number(seed) }),
  endOnFailure: false,
})
const failure = details.failed
  ? { seed: details.seed, world: details.counterexample?.[0], error: String(details.errorInstance) }
  : undefined
writeSync(1, `${JSON.stringify({ worlds: details.numRuns, runs: nth, outcomes, failure })}\n`)
service.close()
await updates.stop()
await github.stop().catch((error: unknown) => writeSync(2, `${String(error)}\n`))
await rm(directory, { recursive: true, force: true })
process.exit(details.failed ? 1 : 0)
