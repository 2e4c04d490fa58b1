import type { Engine } from '../engine.ts'
import type { RecordedMigration } from '../manifest.ts'
import { isEntryOf, readApplied } from './applied.ts'
import { listMigrations, readDown } from './folder.ts'
import type { Revision } from './plan.ts'

/**
 * What a deployment of the revision will apply, with the scripts that undo it: after a rollback of the code, no checkout has
 * them any more.
 */
export async function recordPending(
  engine: Engine,
  { id, paths, read }: Revision,
  folder: string,
): Promise<readonly RecordedMigration[]> {
  const files = listMigrations(paths, folder)
  const applied = (await readApplied(engine, files))?.entries ?? []
  const pending = files.filter((file) => !applied.some(({ key }) => isEntryOf(key, file)))
  return Promise.all(
    pending.map(async (file) => {
      const { sql, checksum } = await readDown(file, read)
      return { name: file.name, checksum, revision: id, ...(sql !== undefined && { down: sql }) }
    }),
  )
}
