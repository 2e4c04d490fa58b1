import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { configure, goodConfiguration } from './configuration.ts'
import type { Change } from './history.ts'

const execute = promisify(execFile)

/** A throw-away production: a clone people push from, a folder a deployed revision is checked out to, a database, and a process that serves it. */
export interface Production {
  readonly url: string
  readonly clone: string
  /** path of the database */
  readonly database: string
  /** folder of this machine's configuration, which no deployment changes */
  readonly configuration: string
  /** The database's tables, as SQL. */
  readonly schema: () => string
  /** Commits the changes on main and pushes them. @returns the new head */
  readonly push: (changes: readonly Change[]) => Promise<string>
  /** Checks the revision out, applies its migrations and serves it, in place of the one before. */
  readonly deploy: (revision: string) => Promise<void>
  /** What a visitor gets. */
  readonly visit: () => Promise<{ readonly status: number; readonly body: string }>
  readonly log: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** How long a new revision may take to answer at all, ms. */
const startLimitMs = 10_000

/**
 * Sets it up in a folder, with a port of its own and nothing deployed yet.
 * @param cloneUrl with what it takes to push
 * @param migrate applies a revision's migrations to the database
 */
export async function openProduction({
  directory,
  cloneUrl,
  migrate,
}: {
  directory: string
  cloneUrl: string
  migrate: (database: string, revision: string) => Promise<void>
}): Promise<Production> {
  const clone = join(directory, 'clone')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await mkdir(directory, { recursive: true })
  await git(directory, 'clone', '--quiet', cloneUrl, clone)
  await git(clone, 'switch', '--quiet', '-C', 'main')
  const database = join(directory, 'shop.sqlite')
  const configuration = join(directory, 'etc')
  await mkdir(configuration)
  await configure(configuration, goodConfiguration)
  let serving: ChildProcess | undefined

  const visit = async (path = '/') => {
    const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } })
    return { status: response.status, body: await response.text() }
  }
  return {
    url,
    clone,
    database,
    configuration,
    schema: () => readSchema(database),
    visit,
    async push(changes) {
      for (const change of changes) await commit(clone, change)
      await git(clone, 'push', '--quiet', 'origin', 'main')
      return git(clone, 'rev-parse', 'HEAD')
    },
    async deploy(revision) {
      const release = join(directory, 'releases', revision)
      await git(clone, 'fetch', '--quiet', 'origin')
      await git(clone, 'worktree', 'add', '--quiet', '--detach', '--force', release, revision)
      await writeFile(join(release, 'REVISION'), revision)
      await migrate(database, revision)
      const env = {
        PATH: process.env['PATH'],
        PORT: String(port),
        DATABASE: database,
        CONFIGURATION: configuration,
      }
      const quiet = '--disable-warning=ExperimentalWarning'
      await end(serving)
      serving = spawn(process.execPath, [quiet, join(release, 'server.mjs')], { stdio: 'ignore', env })
      await untilServed(revision, () => visit('/revision'))
    },
    log: () => git(clone, 'log', '--oneline', '--decorate', '--graph', '-n', '12', 'origin/main'),
    stop: () => end(serving),
  }
}

function readSchema(path: string): string {
  const database = new DatabaseSync(path)
  try {
    const rows = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name').all()
    return rows.map(({ sql }) => `${sql};`).join('\n')
  } finally {
    database.close()
  }
}

/** Runs git with none of the user's own settings, so that a drill is the same on every laptop. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_COMMITTER_NAME: 'Shop',
    GIT_COMMITTER_EMAIL: 'shop@example.com',
  }
  const { stdout } = await execute('git', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 })
  return stdout.trimEnd()
}

async function commit(clone: string, { title, author, files }: Change): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) await git(clone, 'rm', '--quiet', '--', path)
    else {
      await mkdir(join(clone, path, '..'), { recursive: true })
      await writeFile(join(clone, path), content)
    }
  }
  await git(clone, 'add', '--all')
  await git(
    clone,
    'commit',
    '--quiet',
    `--author=${author} <${author.toLowerCase()}@example.com>`,
    '--message',
    title,
  )
}

async function untilServed(revision: string, ask: () => Promise<{ body: string }>): Promise<void> {
  const deadline = performance.now() + startLimitMs
  while (performance.now() < deadline) {
    const answer = await ask().catch(() => undefined)
    if (answer?.body === revision) return
    await sleep(20)
  }
  throw new Error(`revision ${revision} was deployed and did not answer within ${startLimitMs} ms`)
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}
