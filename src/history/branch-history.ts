import pRetry from 'p-retry'
import { UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { createOrphanBranch, listFiles, readFile, writeFile } from '../github/contents.ts'
import { isAmbiguous } from '../github/refusal.ts'
import type { Event } from './event.ts'
import { appendLine, type History, isMonthFileSince, joinContents, monthFile, parseLines } from './history.ts'

/** Twenty-four writers at once needed at most eight tries with jitter; twenty-four without it. Twelve leave room. */
const tries = 12

class Lost extends Error {}

/**
 * The history on a branch of the user's own repository: an orphan branch with a JSON Lines file a month, each append one
 * commit that names what the file was before (compare-and-swap), so that no event of another job is ever lost.
 */
export function openBranchHistory({
  repository,
  branch,
  signal,
}: {
  repository: Repository
  branch: string
  signal?: AbortSignal
}): History {
  return {
    async read({ since } = {}) {
      const files = (await listFiles(repository, { ref: branch })) ?? []
      const paths = files.map(({ path }) => path).filter((path) => isMonthFileSince(path, since))
      const contents = await Promise.all(
        paths.sort().map(async (path) => {
          const file = await readFile(repository, { path, ref: branch })
          return parseLines({ file: path, text: file?.text ?? '' })
        }),
      )
      return joinContents(contents, since)
    },
    append(event) {
      return pRetry(() => tryAppend({ repository, branch, event }), {
        retries: tries - 1,
        minTimeout: 100,
        maxTimeout: 5_000,
        maxRetryTime: 60_000,
        factor: 2,
        randomize: true,
        // a lost answer is tried again too: the next try reads first, and finds the event if it was written
        shouldRetry: ({ error }) => error instanceof Lost || isAmbiguous(error.cause),
        ...(signal && { signal }),
      }).catch((error: unknown) => {
        if (error instanceof Lost) {
          throw new UnavailableError(
            `could not write the history: others kept writing to the branch ${branch}, ${tries} tries`,
          )
        }
        throw error
      })
    },
  }
}

async function tryAppend({
  repository,
  branch,
  event,
}: {
  repository: Repository
  branch: string
  event: Event
}): Promise<'appended' | 'already-there'> {
  const path = monthFile(new Date(event.at))
  const before = await readFile(repository, { path, ref: branch })
  const text = appendLine(before?.text ?? '', event)
  if (text === before?.text) return 'already-there'
  const message = `${event.kind}: ${event.incident}`
  // to the bytes and not to the text: a damaged line stays as it is
  const added = Buffer.from(text.slice(before?.text.length ?? 0))
  const bytes = Buffer.concat([before?.bytes ?? Buffer.alloc(0), added])
  const outcome = await writeFile(repository, { path, branch, bytes, blob: before?.blob, message })
  if (outcome === 'written') return 'appended'
  if (
    outcome === 'no-branch' &&
    (await createOrphanBranch(repository, { branch, path, text, message })) === 'created'
  )
    return 'appended'
  throw new Lost()
}
