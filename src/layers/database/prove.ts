import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, RefusedError } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { sayDuration } from '../../text/duration.ts'
import { formatSize } from '../../text/size.ts'
import { differences, differingDefinitions } from './compare.ts'
import type { BackupEngine, Contents, DumpSource, Elsewhere, Lock, Staged } from './engine.ts'
import type { Verification } from './manifest.ts'

export interface ProofOptions {
  readonly engine: BackupEngine
  /** the backup, as it is stored */
  readonly source: DumpSource
  /** what was dumped */
  readonly expected: Contents
  /** bytes of rows to restore at most */
  readonly limit: number | undefined
  /** another server to restore on, and what it is; undefined for the database's own */
  readonly elsewhere: ProofServer | undefined
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

export interface ProofServer {
  readonly on: 'other-server' | 'local-server'
  readonly server: Elsewhere
}

/**
 * Restores a backup once, beside the live database or on another server, compares it by schema and rows with what was
 * dumped, and drops it.
 * @returns how it was verified, with the failure where it could not be restored
 * @throws ConflictError or UnavailableError when that could not be tried: the backup is neither verified nor failed
 */
export async function proveBackup(options: ProofOptions): Promise<Verification> {
  const { engine, source, limit, elsewhere, now, log } = options
  const begun = performance.now()
  const host = elsewhere?.server ?? engine
  const on = elsewhere?.on ?? ('same-server' as const)
  const needsLock = elsewhere !== undefined || engine.stagesOnServer
  const lock = needsLock ? await waitForLock(host, options) : undefined
  try {
    log(
      `verifies the backup: restores it once ${elsewhere === undefined ? `beside ${engine.database}` : `on ${elsewhere.server.name}`}`,
    )
    let staged: Staged | undefined
    let failure: string | undefined
    try {
      staged = await host.stage(source, { limit })
      failure = await findFailure(options, staged)
    } catch (error) {
      // what could not be tried says nothing of the backup
      if (!(error instanceof RefusedError)) throw error
      failure = error.message
    } finally {
      await staged?.discard()
    }
    const ms = Math.round(performance.now() - begun)
    const sample = staged?.sample
    log(
      failure === undefined
        ? sayVerified(options, { ms, sample })
        : `restoring it failed after ${sayDuration(ms)}`,
    )
    return {
      level: sample === undefined ? 'restore' : 'sample',
      at: now().toISOString(),
      on,
      ms,
      ...(sample !== undefined && { tables: [...sample].sort() }),
      ...(failure !== undefined && { failure }),
    }
  } finally {
    await lock?.release()
  }
}

async function findFailure({ engine, expected }: ProofOptions, staged: Staged): Promise<string | undefined> {
  await staged.check?.()
  const found = await staged.contents()
  const [first, ...others] = differences(expected, found, staged.sample)
  if (first === undefined) return undefined
  const rest = others.length === 0 ? '' : ` (and ${others.length} other differences)`
  const named = expected.schema === found.schema ? [] : await nameDifferences(engine, staged)
  return [`the restored copy differs: ${first}${rest}`, ...named.slice(0, 4)].join('; ')
}

/** By the live database as it is now: the backup has but a digest. */
async function nameDifferences(engine: BackupEngine, staged: Staged): Promise<readonly string[]> {
  const [live = [], copy = []] = [await engine.definitions?.(), await staged.definitions?.()]
  return live.length === 0 || copy.length === 0 ? [] : differingDefinitions(live, copy)
}

function sayVerified(
  { expected, source, limit }: ProofOptions,
  { ms, sample }: { readonly ms: number; readonly sample: ReadonlySet<string> | undefined },
): string {
  const tables = expected.tables.filter(({ name }) => sample?.has(name) ?? true)
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const size = source.parts.reduce((sum, part) => sum + source.sizeOf(part), 0)
  const what = `the restored copy has the same schema and the same ${count(rows, 'row')} in ${count(tables.length, 'table')}; the copy was dropped; the verification took ${sayDuration(ms)}`
  return sample === undefined
    ? what
    : `${what}; a sample: the backup has ${formatSize(size)} and verify-limit is ${formatSize(limit ?? 0)}, so the rows of ${count(expected.tables.length - tables.length, 'other table')} were not restored`
}

/** How long another restore, or another backup that is being verified, is waited for. */
const patienceMs = 10 * 60_000

/** A restore, or the verification of another backup, holds the lock for as long as it takes to load a database. */
async function waitForLock(host: Pick<BackupEngine, 'lock'>, { log, signal }: ProofOptions): Promise<Lock> {
  const givesUpAt = performance.now() + patienceMs
  for (let said = false; ; said = true) {
    try {
      return await host.lock()
    } catch (error) {
      if (!(error instanceof ConflictError) || performance.now() > givesUpAt) throw error
      if (!said) log(`waiting up to ${sayDuration(patienceMs)} to verify: ${error.message}`)
      await sleep(1000, undefined, { signal })
    }
  }
}
