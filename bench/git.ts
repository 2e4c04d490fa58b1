/**
 * A code rollback of twenty commits, on a small repository and on one with 50,000 files and 5,000 commits: the action as
 * the runner runs it, against what people do by hand, all of it over HTTP on loopback.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runStep } from '../src/drill/runner.ts'
import type { HostedRepository } from '../test/support/github/hosted-repository.ts'
import { noLimits } from '../test/support/github/limits.ts'
import { type EmulatedGitHub, startGitHub } from '../test/support/github/server.ts'
import type { Findings } from './main.ts'
import { countBytes } from './support/counted.ts'

const execute = promisify(execFile)
const undone = 20
const rounds = 3
/** An hour ago: a machine does not roll back what is a week old. */
const committedAt = Math.floor(Date.now() / 1000) - 3600
const sizes = { small: { files: 50, commits: 100 }, large: { files: 50_000, commits: 5_000 } } as const
const [owner, name] = ['octo-org', 'shop']

interface Cost {
  readonly seconds: number
  readonly bytes: number
  readonly requests: number
}

export async function measure(say: (line: string) => void): Promise<Findings> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-git-'))
  try {
    const small = await measureSize(join(directory, 'small'), sizes.small, { say, label: 'small' })
    const large = await measureSize(join(directory, 'large'), sizes.large, { say, label: 'large' })
    const figures = {
      time_ratio_clone_reset: round(large.reset.seconds / large.ours.seconds),
      time_ratio_clone_revert: round(large.revert.seconds / large.ours.seconds),
      bytes_ratio_clone_reset: round(large.reset.bytes / large.ours.bytes),
      bytes_ratio_clone_revert: round(large.revert.bytes / large.ours.bytes),
      our_time_large_to_small: round(large.ours.seconds / small.ours.seconds),
      our_requests_large_to_small: round(large.ours.requests / small.ours.requests),
    }
    const goals = {
      time_ratio_clone_revert: { atLeast: 30 },
      bytes_ratio_clone_revert: { atLeast: 100 },
      our_time_large_to_small: { atMost: 1.2 },
      our_requests_large_to_small: { atMost: 1.2 },
    }
    return { figures, goals }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function measureSize(
  directory: string,
  size: { files: number; commits: number },
  { say, label }: { say: (line: string) => void; label: string },
): Promise<Readonly<Record<'ours' | 'reset' | 'revert', Cost>>> {
  await mkdir(directory, { recursive: true })
  const github = await startGitHub({ directory, limits: noLimits })
  const counted = await countBytes(github.url)
  try {
    const hosted = await github.createRepository({ owner, name })
    const { good, bad } = await fill(hosted, size)
    say(`${label}: ${size.files} files, ${size.commits} commits`)
    const token = github.createToken({
      login: 'github-actions[bot]',
      kind: 'actions',
      permissions: { contents: 'write', deployments: 'read' },
    })
    const remote = `${counted.url.replace('://', `://x-access-token:${token}@`)}/${owner}/${name}.git`
    const ways = {
      ours: async () => {
        const job = await openJob(directory, { counted: counted.url, github, token, sha: bad })
        const { exitCode, log } = await runStep(job, { action: 'git-rollback', inputs: { target: good } })
        if (exitCode !== 0) throw new Error(log)
      },
      reset: async (clone: string) => {
        await git(directory, 'clone', '--quiet', remote, clone)
        await git(clone, 'reset', '--quiet', '--hard', good)
        await git(clone, 'push', '--quiet', `--force-with-lease=main:${bad}`, 'origin', 'HEAD:main')
      },
      revert: async (clone: string) => {
        await git(directory, 'clone', '--quiet', remote, clone)
        await git(clone, 'revert', '--no-commit', `${good}..${bad}`)
        await git(clone, 'commit', '--quiet', '--message', 'Roll back')
        await git(clone, 'push', '--quiet', 'origin', 'HEAD:main')
      },
    }
    const costs = { ours: [] as Cost[], reset: [] as Cost[], revert: [] as Cost[] }
    for (let turn = 0; turn < rounds; turn += 1) {
      for (const way of ['ours', 'reset', 'revert'] as const) {
        const clone = join(directory, `clone-${way}-${turn}`)
        const before = github.requests.length
        counted.take()
        const startedAt = performance.now()
        await ways[way](clone)
        const seconds = (performance.now() - startedAt) / 1000
        costs[way].push({ seconds, bytes: counted.take(), requests: github.requests.length - before })
        const undoneTree = (await hosted.git.readCommit('main')).tree
        if (undoneTree !== (await hosted.git.readCommit(good)).tree)
          throw new Error(`${way} left another tree than that of ${good}`)
        await startOver(hosted, bad)
        await rm(clone, { recursive: true, force: true })
      }
    }
    const best = { ours: median(costs.ours), reset: median(costs.reset), revert: median(costs.revert) }
    for (const [way, { seconds, bytes, requests }] of Object.entries(best))
      say(
        `  ${way.padEnd(7)} ${seconds.toFixed(2).padStart(7)} s  ${String(bytes).padStart(10)} bytes  ${requests} API requests`,
      )
    return best
  } finally {
    await counted.stop()
    await github.stop()
  }
}

/** Makes the history in one stream, as an importer does: each commit changes three files. */
async function fill(
  { gitDir, git: store }: HostedRepository,
  { files, commits }: { files: number; commits: number },
) {
  const child = spawn('git', ['--git-dir', gitDir, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const write = (text: string) => {
    if (!child.stdin.write(text))
      return new Promise<void>((resolve) => child.stdin.once('drain', () => resolve()))
    return undefined
  }
  const path = (index: number) => `src/${index % 50}/${Math.floor(index / 50) % 50}/file-${index}.txt`
  const file = (index: number, text: string) =>
    `M 100644 inline ${path(index)}\ndata ${Buffer.byteLength(text)}\n${text}\n`
  const content = (index: number, version: number) =>
    `file ${index} version ${version}\n${`line of file ${index * 7919}\n`.repeat(20)}`
  const head = (message: string) =>
    `commit refs/heads/main\ncommitter Ada <ada@example.com> ${committedAt} +0000\ndata ${message.length}\n${message}\n`
  await write(head('first'))
  for (let index = 0; index < files; index += 1) await write(file(index, content(index, 0)))
  for (let commit = 1; commit < commits; commit += 1) {
    await write(head(`commit ${commit}`))
    for (const step of [0, 1, 2]) {
      const index = (commit * 31 + step * 977) % files
      await write(file(index, content(index, commit)))
    }
  }
  child.stdin.end()
  const status = await new Promise((resolve) => child.once('close', resolve))
  if (status !== 0) throw new Error('git fast-import failed')
  await store.git(['repack', '-adq'])
  const [bad, good] = await Promise.all([store.resolve('main'), store.resolve(`main~${undone}`)])
  if (bad === undefined || good === undefined) throw new Error('the history is too short')
  return { good, bad }
}

/** The branch at the bad revision again, and no trace of a rollback. */
async function startOver({ git: store }: HostedRepository, bad: string): Promise<void> {
  for (const { name: ref } of await store.listRefs('refs/'))
    if (ref !== 'refs/heads/main') await store.deleteRef(ref)
  await store.git(['update-ref', 'refs/heads/main', bad])
}

async function openJob(
  directory: string,
  { counted, github, token, sha }: { counted: string; github: EmulatedGitHub; token: string; sha: string },
) {
  const folder = join(directory, 'job')
  await mkdir(folder, { recursive: true })
  return {
    directory: folder,
    apiUrl: github.apiUrl.replace(github.url, counted),
    serverUrl: counted,
    repository: `${owner}/${name}`,
    token,
    sha,
    eventName: 'push',
    event: {},
    actor: 'grace',
    runId: '1',
  }
}

async function git(cwd: string, ...args: string[]): Promise<void> {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  }
  await execute('git', args, { cwd, env, maxBuffer: 1024 * 1024 * 1024 })
}

function median(costs: readonly Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.seconds - b.seconds)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return middle
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
