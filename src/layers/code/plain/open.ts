import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, message, setting } from '../../../errors.ts'
import type { Commit } from '../../../github/commits.ts'
import { demandGit, type Git, openGit } from '../command.ts'
import { openHistory, type RemoteHistory } from './history.ts'

/** A repository of a git server that is not GitHub: a bare clone that has next to nothing, and fetches what it is asked for. */
export interface PlainRepository {
  /** how messages name it: the last two parts of its address */
  readonly owner: string
  readonly repo: string
  readonly git: Git
  readonly gitDir: string
  readonly history: RemoteHistory
  /** the commits that were read so far with their parents, by their ids */
  readonly read: Map<string, Commit>
  /** Another clone that has nothing, for what would cut the history of this one. */
  readonly openEmpty: () => Promise<Git>
  /** Runs one piece of work at a time: two fetches would wait for the same lock, and fail. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}

export interface RemoteOptions {
  /** an http or https address without credentials, or an absolute path */
  readonly url: string
  readonly username: string
  /** '' for a server that wants none */
  readonly password: string
  /** where clones are put, each in a folder of its own; the caller takes it away */
  readonly directory: string
  /** where programs are looked for, as in PATH */
  readonly path: string
  readonly signal: AbortSignal
}

/**
 * Opens a git remote; asks it for nothing yet.
 * @throws InputError for an address of another kind, and for a git that is too old
 */
export async function openRemote(options: RemoteOptions): Promise<PlainRepository> {
  const { url, username, password: token, directory, path, signal } = options
  demandAddress(url)
  const openEmpty = async () => {
    await mkdir(directory, { recursive: true })
    const gitDir = await mkdtemp(join(directory, 'remote-'))
    const git = openGit({
      origin: url,
      gitDir,
      path,
      signal,
      ...(token !== '' && { authorization: { url, username, token } }),
    })
    await git.run(['init', '--quiet', '--bare', gitDir])
    return { git, gitDir }
  }
  const { git, gitDir } = await openEmpty()
  await demandGit(git, 'use a newer runner image')
  const [repo = '', owner = ''] = url
    .replace(/\/*(?:\.git)?\/*$/, '')
    .split('/')
    .reverse()
  let last: Promise<unknown> = Promise.resolve()
  return {
    owner,
    repo,
    git,
    gitDir,
    read: new Map(),
    history: openHistory({ git, gitDir }),
    openEmpty: async () => (await openEmpty()).git,
    inTurn: (work) => {
      const mine = last.then(work)
      last = mine.catch(() => {})
      return mine
    },
  }
}

/** Credentials in an address are in the log before we are asked anything: the runner prints the inputs of a step. */
function demandAddress(url: string): void {
  if (url.startsWith('/')) return
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : { protocol: '' }
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new InputError(
      message`${setting('remote')} is neither an http or https address nor an absolute path; write one of these`,
    )
  if (username || password)
    throw new InputError(
      message`${setting('remote')} has credentials in it; write them in ${setting('remote-username')} and ${setting('remote-password')}, and change the password, because the log has it`,
    )
}
