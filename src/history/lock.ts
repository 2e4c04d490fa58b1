import { z } from 'zod'
import { message, RefusedError, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { blobId, createOrphanBranch, readFile, writeFile } from '../github/contents.ts'
import { readFolder } from '../github/folder.ts'
import { readRun } from '../github/workflows.ts'
import { formatDuration } from '../text/duration.ts'
import { historyFolder } from './branch-history.ts'
import { environmentSlug } from './incident.ts'

/** A lock that its holder has not renewed for so long is free: the holder was killed. */
const leaseMs = 2 * 60_000
const renewEveryMs = 30_000
const lookEveryMs = 2_000
/** How long a run waits for the one that rolls back. */
const longestWaitMs = 45 * 60_000
/** Others may write to the same branch at the same moment. */
const writeTries = 12

const holderSchema = z.object({
  /** of this process alone */
  key: z.string(),
  actor: z.string(),
  run: z.object({ id: z.string(), attempt: z.number().int(), url: z.string() }).optional(),
  host: z.string(),
  pid: z.number().int(),
})
const stateSchema = z.object({
  schema: z.literal(1),
  environment: z.string(),
  /** absent when nobody holds it */
  holder: holderSchema.optional(),
  /** when the holder took, renewed or released it, by its own clock */
  at: z.iso.datetime(),
})

/** The process that holds a lock. */
export type LockHolder = z.infer<typeof holderSchema>

export interface LockOptions {
  readonly repository: Repository
  /** that of the history */
  readonly branch: string
  readonly environment: string
  readonly holder: LockHolder
  /** Whether a process of this host is there. */
  readonly isAlive: (pid: number) => boolean
  readonly now: () => Date
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
}

/** One rollback at a time in an environment. */
export interface Lock {
  /**
   * Takes it, and keeps it until it is released; waits while another run holds it.
   * @returns changed: somebody has held it since it was opened, so what was read before has to be read again
   * @throws UnavailableError that names the holder, when it is not released in time
   */
  readonly take: () => Promise<'taken' | 'changed'>
  /** Done twice, or before it was taken, it does nothing. */
  readonly release: () => Promise<void>
}

/** A lock as it was read. */
interface Seen {
  /** git's id of the file; undefined when there is none */
  readonly blob: string | undefined
  readonly holder: LockHolder | undefined
  /** when it was written, ms since the epoch */
  readonly at: number
}

/**
 * Opens the lock of an environment: a file beside the events, written by compare-and-swap, so that of two runs one takes it.
 * Reads only. A holder that was killed does not keep it: its process is gone from this host, its run is completed, or it has not
 * renewed it for two minutes.
 */
export async function openLock(options: LockOptions): Promise<Lock> {
  const file = openFile(options)
  const opened = await file.look()
  /** the file that this process has written last; undefined when it does not hold the lock */
  let held: string | undefined
  let timer: NodeJS.Timeout | undefined
  let renewal: Promise<void> = Promise.resolve()
  const renew = async () => {
    if (held !== undefined) held = (await file.write(held, options.holder).catch(() => held)) ?? held
  }
  return {
    async take() {
      const base = await waitUntilFree(options, file, opened)
      held = base.written
      timer = setInterval(() => {
        renewal = renewal.then(renew)
      }, renewEveryMs).unref()
      const isUntouched = base.blob === opened.blob && opened.holder === undefined
      return isUntouched ? 'taken' : 'changed'
    },
    async release() {
      clearInterval(timer)
      await renewal
      if (held === undefined) return
      const last = held
      held = undefined
      // one that cannot be released is free when its lease is over
      await file
        .write(last, undefined)
        .catch((error: unknown) => options.log(describeUnreleased(options.environment, error)))
    },
  }
}

function describeUnreleased(environment: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error)
  return `warning: the lock of ${environment} could not be released: ${why}. No action is needed: the lock expires in ${formatDuration(leaseMs)}, and the next rollback of ${environment} waits until then`
}

/** Waits until nobody holds it, and takes it. @returns what it was taken from, and the id of what was written */
async function waitUntilFree(
  options: LockOptions,
  file: LockFile,
  opened: Seen,
): Promise<{ readonly blob: string | undefined; readonly written: string }> {
  const { environment, branch, holder, sleep, now, log } = options
  const deadline = now().getTime() + longestWaitMs
  let said = ''
  for (let seen = opened, tries = 1; ; seen = await file.look()) {
    if (seen.holder === undefined || (await isGone(options, seen, seen.holder))) {
      const written = await file.write(seen.blob, holder).catch((error: unknown) => {
        if (!(error instanceof UnavailableError)) throw error
        const said = message`${environment} could not be locked, and this run changed nothing: ${error}; run it again`
        throw new UnavailableError(said, { cause: error })
      })
      if (written !== undefined) return { blob: seen.blob, written }
      tries += 1
      if (tries > writeTries)
        throw new UnavailableError(
          `could not lock ${environment}: others kept writing to the branch ${branch}; run this again`,
        )
      await sleep(Math.random() * 200 * tries)
      continue
    }
    const who = describeHolder(seen.holder)
    if (who !== said) log(`${environment} is being rolled back by ${who}: waiting until that has ended`)
    said = who
    if (now().getTime() > deadline)
      throw new UnavailableError(
        `${environment} is still being rolled back by ${who} after ${formatDuration(longestWaitMs)}, and nothing was changed: cancel that run, or run this again when it has ended`,
      )
    await sleep(lookEveryMs)
  }
}

interface LockFile {
  readonly look: () => Promise<Seen>
  /** @returns git's id of what was written; undefined when the file was another one by then */
  readonly write: (blob: string | undefined, holder: LockHolder | undefined) => Promise<string | undefined>
}

function openFile({ repository, branch, environment, now }: LockOptions): LockFile {
  const path = `v1/locks/${environmentSlug(environment)}.json`
  let isFirst = true
  const look = async () => {
    // the first time together with the history
    const folder = isFirst ? await readFolder.foreseen(repository, historyFolder(branch)) : undefined
    isFirst = false
    const file = folder === undefined ? await readFile(repository, { path, ref: branch }) : folder.get(path)
    const state = file && stateSchema.safeParse(parseJson(file.text)).data
    // what cannot be read, nobody holds
    return { blob: file?.blob, holder: state?.holder, at: Date.parse(state?.at ?? '') || 0 }
  }
  return {
    look,
    async write(blob, holder) {
      const state = { schema: 1, environment, ...(holder && { holder }), at: now().toISOString() }
      const text = `${JSON.stringify(state)}\n`
      const bytes = Buffer.from(text)
      const message = `${holder === undefined ? 'unlock' : 'lock'} ${environment}`
      try {
        const outcome = await writeFile(repository, { path, branch, bytes, blob, message })
        if (typeof outcome === 'object') return blobId(bytes)
        if (outcome === 'conflict' || outcome === 'exists') return undefined
        const created = await createOrphanBranch(repository, { branch, path, text, message })
        return created === 'created' ? blobId(bytes) : undefined
      } catch (error) {
        // whether it was written is seen by reading it
        const seen = await look()
        if (seen.blob === blobId(bytes)) return seen.blob
        throw error
      }
    },
  }
}

/** A holder that can do nothing any more. */
async function isGone(
  { repository, holder: own, isAlive, now }: LockOptions,
  { at }: Seen,
  { host, pid, run }: LockHolder,
): Promise<boolean> {
  if (host === own.host && !isAlive(pid)) return true
  if (now().getTime() - at > leaseMs) return true
  if (run === undefined) return false
  // a run is tried again when its attempt before has ended
  if (run.id === own.run?.id) return run.attempt < own.run.attempt
  return hasEnded(repository, Number(run.id))
}

/** False where the token may not see runs: then the lease decides. */
async function hasEnded(repository: Repository, id: number): Promise<boolean> {
  try {
    return (await readRun(repository, id)).status === 'completed'
  } catch (error) {
    if (error instanceof RefusedError) return false
    throw error
  }
}

function describeHolder({ actor, run }: LockHolder): string {
  return run === undefined ? actor : `${run.url} (attempt ${run.attempt}, ${actor})`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
