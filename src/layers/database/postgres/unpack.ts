import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DumpSource } from '../engine.ts'
import { writeFileFrom } from '../write-file.ts'
import { eachOf } from './tools.ts'

/** Of the parts of a backup: each is a file of the dump. */
export const partSuffix = '.zst'

/** Puts the files of a dump where `pg_restore` finds them. @returns their folder */
export async function unpackDump({ scratch, parts, open }: DumpSource): Promise<string> {
  const dump = join(scratch, 'dump')
  await mkdir(dump, { recursive: true })
  await eachOf(parts, 2, async (part) =>
    writeFileFrom(await open(part), join(dump, part.slice(0, -partSuffix.length))),
  )
  return dump
}
