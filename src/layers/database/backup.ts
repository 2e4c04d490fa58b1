import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { RefusedError } from '../../errors.ts'
import { readBackup, verifyStored } from './catalog.ts'
import type { Engine } from './engine.ts'
import { type Manifest, newBackupName, type RecordedMigration, writeManifest } from './manifest.ts'
import { sealPart } from './seal.ts'
import { manifestFile, type Store } from './store/store.ts'

export interface BackupOptions {
  readonly engine: Engine
  readonly store: Store
  readonly environment: string
  /** the revision that is about to be deployed */
  readonly before: string
  readonly migrations: readonly RecordedMigration[]
  readonly pinned: boolean
  /** `age1…`; undefined to store it in the clear */
  readonly recipient: string | undefined
  /** reads all that was stored again before it counts as a backup */
  readonly verify: boolean
  /** a folder for temporary files */
  readonly scratch: string
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * Backs a database up. The manifest is written last: until then there is no backup, only files that the next retention
 * takes away. Killed at any instant, it leaves every earlier backup as it was.
 * @throws RefusedError when the database is empty or the tools do not fit the server
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { engine, store, recipient, signal, log } = options
  const versions = await engine.inspect('backup')
  const createdAt = options.now()
  const name = newBackupName(createdAt, options.before)
  const scratch = join(options.scratch, name)
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const parts: Manifest['parts'] = []
  try {
    log(`backing ${engine.database} up to ${store.place} as ${name} (${versions.tool}, ${versions.server})`)
    const contents = await engine.dump({
      scratch,
      signal,
      add: async (part, content) => {
        const path = `${name}/${part}`
        parts.push(await sealPart({ store, path, name: part, content, recipient, signal }))
      },
    })
    if (contents.tables.length === 0)
      throw new RefusedError(
        `${engine.database} has no tables: an empty backup is none; is it the right database?`,
      )
    const manifest: Manifest = {
      schema: 1,
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
      contents: { ...contents, tables: [...contents.tables] },
      migrations: [...options.migrations],
      parts: parts.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }
    if (options.verify) await verifyStored(store, manifest)
    await store.write(`${name}/${manifestFile}`, Readable.from([writeManifest(manifest)]))
    log(
      `${name}: ${contents.tables.length} tables, ${sum(parts, 'plainSize')} bytes in ${sum(parts, 'size')}`,
    )
    return await readBackup(store, name)
  } catch (error) {
    for (const part of parts) await store.remove(`${name}/${part.name}`).catch(() => {})
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function sum(parts: Manifest['parts'], key: 'size' | 'plainSize'): number {
  return parts.reduce((total, part) => total + part[key], 0)
}
