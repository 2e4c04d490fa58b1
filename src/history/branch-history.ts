import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import { isUserFacing, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { commitFiles } from '../github/commit-files.ts'
import { createOrphanBranch, type StoredFile, writeFile } from '../github/contents.ts'
import { readFolder } from '../github/folder.ts'
import { isAmbiguous } from '../github/refusal.ts'
import { planCompaction } from './compaction.ts'
import type { Event } from './event.ts'
import {
  eventsFolder,
  fileOf,
  formatLines,
  type History,
  isEventFileSince,
  joinFiles,
  parseLines,
} from './history.ts'

/** One of those who write at the same moment gets through, and the others try again: each needs a few tries more the more there are. */
const tries = 24
const longestMs = 5 * 60_000

/**
 * How long a writer waits after a try: any time up to one that doubles, and at most half a minute. With all of it left to chance five
 * hundred writers spread out; those who all wait the longest time would meet again.
 */
function pauseAfter(attempt: number): number {
  return Math.random() * Math.min(30_000, 100 * 2 ** attempt)
}

class Lost extends Error {}

/** What is read of the branch in one request: the events, and beside them the locks, so that both are of the same commit. */
export function historyFolder(branch: string) {
  // v1, events, the year, the month
  return { ref: branch, path: eventsFolder.replace(/\/.*/, ''), depth: 4 }
}

/**
 * The history on a branch of the user's own repository: an orphan branch with a small file for each append, which is one commit and
 * one request, so that it costs the same however much is there. GitHub refuses to make a file that is there, and a commit on a
 * branch that has moved: no event of another job is ever lost.
 */
export function openBranchHistory({
  repository,
  branch,
  signal,
  now = Date.now,
}: {
  repository: Repository
  branch: string
  signal?: AbortSignal
  /** ms since the epoch */
  now?: () => number
}): History {
  const known = new Set<string>()
  let files: ReadonlyMap<string, StoredFile> | undefined
  let last: Event | undefined
  return {
    async read({ since, imported = false } = {}) {
      files = await readFolder(repository, historyFolder(branch))
      const parsed = [...files]
        .filter(([path]) => isEventFileSince(path, since))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([file, { text }]) => parseLines({ file, text }))
      const content = joinFiles(parsed, since)
      for (const { id } of content.events) known.add(id)
      return imported ? content : { ...content, events: content.events.filter((event) => !event.imported) }
    },
    async append(...events) {
      if (events.every(({ id }) => known.has(id))) return 'already-there'
      const outcome = await pRetry(() => tryAppend({ repository, branch, events, order: known.size }), {
        retries: tries - 1,
        minTimeout: 0,
        maxRetryTime: longestMs,
        // a lost answer is tried again too: the next try finds the file if it was written
        shouldRetry: async ({ error, attemptNumber }) => {
          if (!(error instanceof Lost || isAmbiguous(error.cause))) return false
          // an abort is thrown by the retries themselves
          await sleep(pauseAfter(attemptNumber), undefined, { ...(signal && { signal }) }).catch(() => {})
          return true
        },
        ...(signal && { signal }),
      }).catch((error: unknown) => {
        if (error instanceof Lost) {
          throw new UnavailableError(
            `could not write the history: others kept writing to the branch ${branch}, ${tries} tries`,
          )
        }
        if (signal?.aborted && !isUserFacing(error))
          throw new UnavailableError('could not write the history: the job was cancelled', { cause: error })
        throw error
      })
      for (const { id } of events) known.add(id)
      last = events[0]
      return outcome
    },
    async compact() {
      // one who has not read the history does it for all only now and then
      if (files === undefined && !isTurn(last)) return
      try {
        const read = files ?? (await readFolder(repository, historyFolder(branch)))
        const merged = planCompaction(read, new Date(now()))
        if (merged !== undefined) await commitFiles(repository, { branch, ...merged })
      } catch (error) {
        // it is only tidier: the next run does it
        if (!isUserFacing(error)) throw error
      }
    },
  }
}

/** True for one event in sixteen, and each time for the same. */
function isTurn(event: Event | undefined): boolean {
  return event?.id.startsWith('0') === true
}

async function tryAppend({
  repository,
  branch,
  events,
  order,
}: {
  repository: Repository
  branch: string
  events: readonly [Event, ...Event[]]
  order: number
}): Promise<'appended' | 'already-there'> {
  const path = fileOf(events)
  const text = formatLines(events, order)
  // many events of one kind are imported together
  const kinds = [...new Set(events.map(({ kind }) => kind))]
  const message = `${kinds.join(', ')}: ${events[0].incident}`
  const outcome = await writeFile(repository, {
    ...{ path, branch, message },
    bytes: Buffer.from(text),
    blob: undefined,
  })
  if (typeof outcome === 'object') return 'appended'
  if (outcome === 'exists') return 'already-there'
  if (
    outcome === 'no-branch' &&
    (await createOrphanBranch(repository, { branch, path, text, message })) === 'created'
  )
    return 'appended'
  throw new Lost()
}
