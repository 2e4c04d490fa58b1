/** The rows that were written since a backup: a restore takes them away, so they are counted, and exported on request. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InputError, message, setting } from '../../errors.ts'
import { codeOf, explainWrite } from '../../text/system-error.ts'
import type { Contents, Staged } from './engine.ts'
import type { Manifest } from './manifest.ts'
import { isHistoryTable } from './migrations/applied.ts'
import type { Store } from './store/store.ts'

/** Rows of a live table that the backup does not have: written since, or written differently. */
export interface Loss {
  readonly table: string
  readonly rows: number
  /** false where rows were only counted: there are at least so many */
  readonly exact: boolean
}

/** What a restore would take away. Of tables whose digests are known and alike nothing is counted. */
export async function countLosses(
  { verify }: { readonly verify: 'full' | 'checksums' },
  staged: Staged,
  { backedUp, live }: { readonly backedUp: Contents; readonly live: Contents },
): Promise<readonly Loss[]> {
  const before = new Map(backedUp.tables.map((table) => [table.name, table]))
  const losses: Loss[] = []
  for (const { name, rows, digest } of live.tables) {
    const then = before.get(name)
    if (isHistoryTable(name)) continue
    else if (then === undefined) losses.push({ table: name, rows, exact: true })
    // looking for newer rows reads both tables whole: not where their digests say that there are none
    else if (digest !== undefined && digest === then.digest && rows === then.rows) continue
    else if (verify === 'full')
      losses.push({ table: name, rows: await staged.countNewerRows(name), exact: true })
    else losses.push({ table: name, rows: Math.max(0, rows - then.rows), exact: false })
  }
  return losses.filter(({ rows }) => rows > 0)
}

/** @throws InputError for a file, and for the folder of the backups, where it would count as a damaged one */
export async function refuseExport(path: string, { place }: Store): Promise<void> {
  const folder = resolve(place)
  if (`${resolve(path)}/`.startsWith(`${folder}/`))
    throw new InputError(
      message`${setting('export-newer')} is "${path}", which is where the backups are; write the path of another folder`,
    )
  const found = await stat(path).catch(() => undefined)
  if (found !== undefined && !found.isDirectory())
    throw new InputError(
      message`${setting('export-newer')} is "${path}", which is a file; write the path of a folder`,
    )
}

/** Writes them to files, one a table. @returns the files @throws what says that the disk has no room */
export async function exportRows(
  {
    exportTo,
    manifest,
    log,
  }: {
    readonly exportTo: string | undefined
    readonly manifest: Manifest
    readonly log: (line: string) => void
  },
  staged: Staged,
  losses: readonly Loss[],
): Promise<readonly string[]> {
  if (exportTo === undefined || losses.length === 0) return []
  const folder = await makeNewFolder(exportTo, `newer-than-${manifest.name}`)
  const files: string[] = []
  for (const { table } of losses) {
    const file = join(folder, exportNameOf(table))
    const lines = async function* () {
      for await (const row of staged.newerRows(table)) yield `${row}\n`
    }
    await pipeline(
      Readable.from(lines(), { highWaterMark: 1 }),
      createWriteStream(file, { mode: 0o600, flush: true, flags: 'wx' }),
    )
    files.push(file)
  }
  log(`the rows that were written since the backup are exported to ${folder}`)
  return files
}

/** Rows that an earlier restore of the same backup took away may be nowhere else: their files are never written over. */
async function makeNewFolder(parent: string, name: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 })
    for (let number = 1; ; number += 1) {
      const folder = join(parent, number === 1 ? name : `${name}-${number}`)
      try {
        await mkdir(folder, { mode: 0o700 })
        return folder
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
    }
  } catch (error) {
    throw explainWrite(error, parent)
  }
}

/** A file system takes 255 bytes in a name, and a table's may have more once it is encoded. */
function exportNameOf(table: string): string {
  const name = encodeURIComponent(table.toWellFormed())
  const digest = createHash('sha256').update(table).digest('hex').slice(0, 16)
  return name.length <= 240 ? `${name}.jsonl` : `${name.slice(0, 200)}-${digest}.jsonl`
}
