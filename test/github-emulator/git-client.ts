import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Example, owner, repo } from './example.ts'

export interface Said {
  readonly code: number
  readonly out: string
  /** what git prints for people */
  readonly error: string
}

/** Runs the real git as a user would, without that user's settings and without asking anybody anything. */
export function git(directory: string, ...args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: directory,
      env: {
        PATH: process.env['PATH'],
        HOME: directory,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        GIT_AUTHOR_NAME: 'Ada',
        GIT_AUTHOR_EMAIL: 'ada@example.com',
        GIT_COMMITTER_NAME: 'Ada',
        GIT_COMMITTER_EMAIL: 'ada@example.com',
      },
    })
    let out = ''
    let error = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString('utf8')))
    child.once('error', reject)
    // git ends lines of the other side with spaces, to overwrite its progress
    child.once('close', (code) =>
      resolve({ code: code ?? -1, out: out.trim(), error: error.replace(/ +$/gm, '').trim() }),
    )
  })
}

/** The repository's address for git, with the token as its password, as actions/checkout and people write it. */
export function addressFor(
  { github }: Example,
  token: string | undefined,
  path = `${owner}/${repo}.git`,
): string {
  const { host } = new URL(github.url)
  return `http://${token === undefined ? '' : `x-access-token:${token}@`}${host}/${path}`
}

/** A clone on disk, with short ways to do what a developer does. */
export async function cloneOf(example: Example, token = example.token()) {
  const directory = await mkdtemp(join(example.directory, 'clone-'))
  const cloned = await git(directory, 'clone', '--quiet', addressFor(example, token), '.')
  if (cloned.code !== 0) throw new Error(cloned.error)
  return {
    directory,
    git: (...args: readonly string[]) => git(directory, ...args),
    /** @returns the commit's id */
    async commit(path: string, content: string, message = 'A change'): Promise<string> {
      await writeFile(join(directory, path), content)
      await git(directory, 'add', '--all')
      await git(directory, 'commit', '--quiet', '--message', message)
      return (await git(directory, 'rev-parse', 'HEAD')).out
    },
  }
}
