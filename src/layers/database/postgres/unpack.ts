import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DumpSource } from '../engine.ts'
import { writeFileFrom } from '../write-file.ts'
import { eachOf } from './tools.ts'

/** A dump in a folder, as `pg_restore` reads it, and what of it is restored. */
export interface Dump {
  readonly folder: string
  /** none of the rows */
  readonly schemaOnly?: boolean
  /** which lines of its list are restored; undefined for all */
  readonly keep?: (line: string) => boolean
}

/** Puts parts of a backup, each of which is a file of the dump, where `pg_restore` finds them. @param parts those that are needed, by default all */
export async function unpackDump(source: DumpSource, parts = source.parts): Promise<Dump> {
  const folder = join(source.scratch, 'dump')
  await mkdir(folder, { recursive: true })
  await eachOf(parts, 2, async (part) => writeFileFrom(await source.open(part), join(folder, part)))
  return { folder }
}
