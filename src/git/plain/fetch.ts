import { type Git, GitFailure } from '../command.ts'
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
  return fetchFiltered(git, ['fetch', ...options, '--filter=tree:0'], wanted)
}

/** Fetches trees by their ids, and nothing that is in them. @throws RefusedError, UnavailableError as `explainRemote` has them */
export async function fetchTrees(git: Git, wanted: readonly string[]): Promise<void> {
  // a server that is told which commits are here takes their trees to be here, too, and sends none of them; and with
  // tree:0 it leaves out one that is also in another one
  return fetchFiltered(git, ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '--filter=tree:1'], wanted)
}

async function fetchFiltered(git: Git, fetch: readonly string[], wanted: readonly string[]): Promise<void> {
  const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--stdin']
  try {
    await git.run([...fetch, ...how, 'origin'], { input: wanted.join('\n') })
  } catch (error) {
    throw explainRemote(error)
  } finally {
    await forgetPromise(git)
  }
}

/** A filter makes git fetch whatever it lacks, one by one, from then on: what is not here is to be seen instead. */
async function forgetPromise(git: Git): Promise<void> {
  for (const setting of ['promisor', 'partialclonefilter']) {
    try {
      await git.run(['config', '--unset-all', `remote.origin.${setting}`])
    } catch (error) {
      // 5: there was none, for the server knows no filters
      if (!(error instanceof GitFailure) || error.status !== 5) throw error
    }
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
