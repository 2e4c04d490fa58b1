import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { isUserFacing, message, RefusedError, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { readBackup, verifyStored } from './catalog.ts'
import type { BackupEngine, DumpSource } from './engine.ts'
import {
  formatVersion,
  type Manifest,
  newBackupName,
  type RecordedMigration,
  type Verification,
  writeManifest,
} from './manifest.ts'
import { type ProofServer, proveBackup } from './prove.ts'
import { type Compression, openKept, openPart, partsOf, sealPart, storedName } from './seal.ts'
import { manifestFile, type Store } from './store/store.ts'
import { describeVerification } from './verification.ts'

export interface BackupOptions {
  readonly engine: BackupEngine
  readonly store: Store
  readonly environment: string
  /** the revision that is about to be deployed */
  readonly before: string
  readonly migrations: readonly RecordedMigration[]
  readonly pinned: boolean
  /** `age1…`; undefined to store it in the clear */
  readonly recipient: string | undefined
  /** of the stored files, by default `zstd` */
  readonly compression?: Compression | undefined
  /** `restore` restores it once before it counts as verified; `checksums` only reads the stored files again */
  readonly verify: 'restore' | 'checksums'
  /** for `restore`: bytes of rows to restore at most, beyond which some tables are; undefined for all */
  readonly verifyLimit?: number | undefined
  /** for `restore`: another server to restore on; undefined for the database's own */
  readonly verifyOn?: ProofServer | undefined
  /** a folder for temporary files */
  readonly scratch: string
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * Backs a database up and verifies the backup. The manifest is written last: until then there is no backup, only files that the
 * next retention removes. Killed at any instant, it leaves every earlier backup as it was.
 * @throws RefusedError when the database is empty, the tools do not fit the server, or the backup cannot be restored: it is
 * kept as failed then
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { engine, store, recipient, compression = 'zstd', signal, log } = options
  const versions = await engine.inspect('backup')
  if (options.verify === 'restore' && options.verifyOn === undefined) await inspectRestore(engine)
  const createdAt = options.now()
  const name = newBackupName(createdAt, options.before)
  const scratch = join(options.scratch, name)
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  // what is encrypted cannot be opened here again: the identity is not on this machine
  const kept = options.verify === 'restore' && recipient !== undefined ? join(scratch, 'kept') : undefined
  if (kept !== undefined) await mkdir(kept, { mode: 0o700 })
  const parts: Manifest['parts'] = []
  let isWhole = false
  try {
    log(`backs up ${engine.database} to ${store.place} as ${name} (${versions.tool}, ${versions.server})`)
    const contents = await engine.dump({
      scratch,
      signal,
      add: async (part, content, { sha256 } = {}) => {
        const stored = storedName(part, compression)
        const path = `${name}/${stored}`
        const keepAs = kept === undefined ? undefined : join(kept, part)
        const sealing = { store, path, name: stored, content, sha256, compression, recipient, keepAs, signal }
        parts.push(await sealPart(sealing))
      },
    })
    if (contents.tables.length === 0)
      throw new RefusedError(
        `${engine.database} has no tables: there is nothing to back up; check the address`,
      )
    log(
      `${name}: ${count(contents.tables.length, 'table')}, ${count(sum(parts, 'plainSize'), 'byte')}, ${sum(parts, 'size')} compressed`,
    )
    const unverified: Unverified = {
      format: formatVersion,
      name,
      engine: engine.kind,
      database: engine.database,
      source: engine.source,
      ...versions,
      environment: options.environment,
      before: options.before,
      createdAt: createdAt.toISOString(),
      pinned: options.pinned,
      encrypted: recipient !== undefined,
      compression,
      contents: { ...contents, tables: [...contents.tables] },
      migrations: [...options.migrations],
      parts: parts.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }
    const checked = await verify(options, unverified, { scratch, kept })
    const manifest = { ...unverified, verification: checked.verification }
    await store.write(`${name}/${manifestFile}`, Readable.from([Buffer.from(writeManifest(manifest))]))
    isWhole = true
    log(`${name} is ${describeVerification(manifest)}`)
    if (checked.notTried !== undefined) throw checked.notTried
    if (checked.verification.failure !== undefined)
      throw new RefusedError(
        `backup ${name} cannot be restored: ${checked.verification.failure}; it is kept and marked as failed, and db-restore does not choose it`,
      )
    return await readBackup(store, name)
  } catch (error) {
    if (!isWhole) for (const part of parts) await store.remove(`${name}/${part.name}`).catch(() => {})
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A restore beside needs more rights than a backup: a lack of them is found before anything is stored. */
async function inspectRestore(engine: BackupEngine): Promise<void> {
  try {
    await engine.inspect('restore')
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError(
      message`the backup could not be verified by a restore on this server: ${error}; or set ${setting('verify-on')} to another server or to local, or ${setting('verify')} to checksums`,
    )
  }
}

type Unverified = Omit<Manifest, 'verification'>

interface Checked {
  readonly verification: Verification
  /** why it could not be tried to restore it, in which case only the stored files were read */
  readonly notTried?: unknown
}

async function verify(
  options: BackupOptions,
  manifest: Unverified,
  { scratch, kept }: { readonly scratch: string; readonly kept: string | undefined },
): Promise<Checked> {
  const { engine, store, now } = options
  const byChecksums = async (): Promise<Verification> => {
    await verifyStored(store, manifest)
    return { level: 'checksums', at: now().toISOString() }
  }
  if (options.verify === 'checksums') return { verification: await byChecksums() }
  // what is encrypted is restored from what was kept of it, so that its stored files are read besides
  if (kept !== undefined) await verifyStored(store, manifest)
  const opened = new Set<string>()
  const { compression } = manifest
  const partOf = partsOf(manifest)
  const source: DumpSource = {
    scratch: join(scratch, 'proof'),
    parts: [...partOf.keys()],
    sizeOf: (name) => partOf.get(name)?.plainSize ?? 0,
    signal: options.signal,
    open: async (name) => {
      const part = partOf.get(name)
      if (part === undefined) throw new RefusedError(`the dump has no ${name}`)
      opened.add(part.name)
      if (kept !== undefined) return openKept(join(kept, name), compression)
      return openPart({
        store,
        path: `${manifest.name}/${part.name}`,
        part,
        compression,
        identity: undefined,
      })
    },
  }
  await mkdir(source.scratch, { mode: 0o700 })
  try {
    const verification = await proveBackup({
      engine,
      source,
      expected: manifest.contents,
      limit: options.verifyLimit,
      elsewhere: options.verifyOn,
      now,
      log: options.log,
      signal: options.signal,
    })
    const unopened = manifest.parts.filter((part) => kept === undefined && !opened.has(part.name))
    if (unopened.length > 0) await verifyStored(store, { ...manifest, parts: unopened })
    return { verification }
  } catch (error) {
    if (!isUserFacing(error) || options.signal?.aborted) throw error
    return { verification: await byChecksums(), notTried: error }
  }
}

function sum(parts: Manifest['parts'], key: 'size' | 'plainSize'): number {
  return parts.reduce((total, part) => total + part[key], 0)
}
