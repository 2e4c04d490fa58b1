import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { UnavailableError } from '../../errors.ts'
import { demandGit, type Git, GitFailure, openGit } from './command.ts'

export interface CloneOptions {
  /** e.g. https://github.com/octo-org/shop.git */
  readonly url: string
  /** left out: the one that GitHub takes with a token */
  readonly username?: string
  /** or a password; '' for a server that wants none */
  readonly token: string
  /** where the clone is put, in a folder of its own; the caller takes it away */
  readonly directory: string
  /** where programs are looked for, as in PATH */
  readonly path: string
  readonly signal: AbortSignal
}

/** Fetches as much of a repository as a merge of a few commits takes. */
export type OpenClone = (wanted: { readonly head: string; readonly depth: number }) => Promise<Git>

/**
 * Prepares clones with the newest commits of a branch and their trees; files come when git asks for them.
 * @throws InputError for a git that is too old, UnavailableError when the repository cannot be fetched
 */
export function prepareClone({ url, username, token, directory, path, signal }: CloneOptions): OpenClone {
  return async ({ head, depth }) => {
    await mkdir(directory, { recursive: true })
    const gitDir = await mkdtemp(join(directory, 'clone-'))
    const authorization = { url, token, ...(username !== undefined && { username }) }
    const git = openGit({ gitDir, path, signal, ...(token !== '' && { authorization }) })
    await demandGit(git)
    try {
      await git.run(['init', '--quiet', '--bare', gitDir])
      await git.run(['remote', 'add', 'origin', url])
      await git.run(['config', 'remote.origin.promisor', 'true'])
      await git.run(['config', 'remote.origin.partialclonefilter', 'blob:none'])
      const what = ['--quiet', '--no-tags', `--depth=${depth}`]
      await withFilter('blob:none', (filter) => git.run(['fetch', ...what, filter, 'origin', head]))
      return git
    } catch (error) {
      if (error instanceof GitFailure)
        throw new UnavailableError(`could not fetch ${url}: ${error.message}`, { cause: error })
      throw error
    }
  }
}

/** Runs a fetch with a filter; without one where the server allows none, or not this one: what it keeps out comes along. */
export async function withFilter(filter: string, fetch: (option: string) => Promise<unknown>): Promise<void> {
  try {
    await fetch(`--filter=${filter}`)
  } catch (error) {
    if (!(error instanceof GitFailure) || !/filter .*not supported/.test(error.said)) throw error
    await fetch('--no-filter')
  }
}
