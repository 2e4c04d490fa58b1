import { type Git, GitFailure } from '../command.ts'
import { withFilter } from '../partial-clone.ts'
import { explainRemote } from './refusal.ts'

/** Of one git command: what it lacks it fetches by itself. */
export const fetchingLack = ['-c', 'remote.origin.promisor=true'] as const

/**
 * Fetches commits, as refs or by their ids, and the history that leads to them: neither trees nor files.
 * @throws RefusedError, UnavailableError as `explainRemote` has them
 */
export async function fetchCommits(
  git: Git,
  wanted: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  await fetchFiltered(git, { options, filter: 'tree:0', wanted })
}

/** Fetches trees by their ids, with the folders directly in them; no files. @throws RefusedError, UnavailableError as `explainRemote` has them */
export async function fetchTrees(git: Git, wanted: readonly string[]): Promise<void> {
  // a server that knows which commits are here assumes that their trees are, too, and sends none of them
  const settings = ['-c', 'fetch.negotiationAlgorithm=noop']
  // with tree:0 a server leaves out a tree that is wanted, and is in another one that is wanted, too
  await fetchFiltered(git, { settings, filter: 'combine:tree:1+blob:none', wanted })
}

async function fetchFiltered(
  git: Git,
  {
    settings = [],
    options = [],
    filter,
    wanted,
  }: {
    settings?: readonly string[]
    options?: readonly string[]
    filter: string
    wanted: readonly string[]
  },
): Promise<void> {
  const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--stdin', ...options]
  try {
    await withFilter(filter, (option) =>
      git.run([...settings, 'fetch', ...how, option, 'origin'], { input: wanted.join('\n') }),
    )
  } catch (error) {
    throw explainRemote(error)
  } finally {
    await forgetPromise(git)
  }
}

/** A filter makes git fetch whatever it lacks, one by one, from then on: what is not here is to be seen instead. */
async function forgetPromise(git: Git): Promise<void> {
  try {
    // all that the repository itself has of its remote
    await git.run(['config', '--remove-section', 'remote.origin'])
  } catch (error) {
    // there is none when the fetch failed before
    if (!(error instanceof GitFailure)) throw error
  }
}

/** Those of some objects that are not here. */
export async function missingOf(git: Git, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const lines = await git.run(['cat-file', '--batch-check'], { input: `${[...new Set(ids)].join('\n')}\n` })
  return lines
    .split('\n')
    .flatMap((line) => (line.endsWith(' missing') ? [line.slice(0, line.indexOf(' '))] : []))
}
