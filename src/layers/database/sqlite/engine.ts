import { createHash } from 'node:crypto'
import { readdir, realpath, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { FileConnection } from '../connection.ts'
import type { Engine, ScriptRun, Surroundings } from '../engine.ts'
import { readChunks } from '../read-file.ts'
import { refuseDamage } from './damage.ts'
import {
  countOrphans,
  exists,
  quoteName,
  readContents,
  readSchema,
  removeDatabase,
  withDatabase,
} from './file.ts'
import { describeImage, readDigest } from './image.ts'
import { copyLive } from './live-copy.ts'
import { comparedName, keptFileAt, keptFileName, lockFile, replaceLive } from './replace.ts'
import { copyToNewFile } from './snapshot.ts'
import { openStaging, part } from './staging.ts'

/**
 * SQLite in a file of this machine. Backup and restore go through SQLite's online backup, so processes that have the
 * file open see the old database or the new one and never a mixture. Copying the file instead would lose what is in the
 * write-ahead log, or bring it back over the restored file.
 */
export async function openSqlite(
  { path: given }: FileConnection,
  { log }: Pick<Surroundings, 'log'>,
): Promise<Engine> {
  const path = (await exists(given)) ? await realpath(given) : resolve(given)
  const [folder, file] = [dirname(path), basename(path)]
  const inFolder = (name: string) => join(folder, name)
  const compared = inFolder(comparedName(file))
  const staging = openStaging({ live: path, compared, keptPath: inFolder, log })

  return {
    kind: 'sqlite',
    database: file,
    source: createHash('sha256').update(`sqlite\0${path}`).digest('hex').slice(0, 16),

    async inspect(purpose) {
      if (purpose === 'backup' && !(await exists(path)))
        throw new RefusedError(
          `there is no SQLite database ${given}: it must be a file on the machine of the job`,
        )
      const version = (await exists(path)) ? await withDatabase(path, readVersion) : versionOfLibrary()
      return { server: `SQLite ${version}`, tool: `node:sqlite of Node ${process.versions.node}` }
    },

    async dump({ scratch, add }) {
      const copy = join(scratch, part)
      // digested while it is copied, so that it is not read again for that
      const sha256 = await copyToNewFile(path, copy)
      const image = sha256 ?? (await readDigest(copy))
      // all have ended when the first failure is thrown; what was stored is no backup then
      const [, contents] = await allEnded([
        refuseDamage(copy, 'the database', log),
        describeImage(copy, image),
        add(part, readChunks(copy), { sha256 }),
      ])
      await rm(copy)
      return contents
    },

    lock: () => lockFile(path),

    async contents({ digests = false } = {}) {
      if (!(await exists(path))) return undefined
      if (!digests) return readContents(path)
      const besideStaged = await staging.compareLive()
      if (besideStaged !== undefined) return besideStaged
      try {
        const image = (await copyToNewFile(path, compared)) ?? (await readDigest(compared))
        return await describeImage(compared, image)
      } finally {
        await removeDatabase(compared)
      }
    },

    schema: async () => ((await exists(path)) ? withDatabase(path, readSchema) : undefined),

    stagesOnServer: false,
    readsBeforeItLoads: true,

    stage: staging.stage,

    keptName: (at) => keptFileName(file, at),

    async listKept() {
      const names = await readdir(folder).catch(() => [])
      return names
        .flatMap((name) => {
          const at = keptFileAt(file, name)
          return at === undefined ? [] : [{ name, at }]
        })
        .sort((a, b) => a.at.getTime() - b.at.getTime())
    },

    dropKept: async (name) => {
      if (keptFileAt(file, name) === undefined) throw new TypeError(`${name} is not a kept database`)
      await removeDatabase(inFolder(name))
    },

    async putBack(kept, keepAs) {
      const safety = await copyLive(path, compared)
      await replaceLive(safety, { by: inFolder(kept), live: path, kept: inFolder(keepAs) })
      await removeDatabase(inFolder(kept))
    },

    transactionalDdl: true,
    quoteName,
    asText: (column) => `CAST(${quoteName(column)} AS TEXT)`,
    query: (sql, values = []) =>
      withDatabase(path, (database) =>
        database
          .prepare(sql)
          .all(...values)
          .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, asText(value)]))),
      ),
    columnsOf: (table) =>
      withDatabase(path, (database) =>
        database
          .prepare('SELECT name FROM pragma_table_info(?)')
          .all(table)
          .map(({ name }) => String(name)),
      ),
    runScript: (run) => withDatabase(path, (database) => runScript(database, run)),
  }
}

function asText(value: unknown): string | null {
  return value === null
    ? null
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : String(value)
}

function runScript(database: DatabaseSync, { script, after, transaction }: ScriptRun): void {
  try {
    // a table is rebuilt under its children: their keys are looked at as a whole before the end
    if (transaction) database.exec('BEGIN IMMEDIATE')
    const before = countOrphans(database)
    database.exec(script)
    for (const { sql, values } of after) database.prepare(sql).run(...values)
    if (countOrphans(database) > before) throw new Error('it leaves rows whose foreign key points at nothing')
    if (transaction) database.exec('COMMIT')
  } catch (error) {
    // the transaction ends with the connection
    throw new RefusedError(`SQLite refused the script: ${error instanceof Error ? error.message : error}`)
  }
}

function readVersion(database: DatabaseSync): string {
  return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
}

function versionOfLibrary(): string {
  const database = new DatabaseSync(':memory:')
  try {
    return readVersion(database)
  } finally {
    database.close()
  }
}
