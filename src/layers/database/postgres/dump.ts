import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { Contents, DumpTarget } from '../engine.ts'
import { readChunks } from '../read-file.ts'
import { runTool } from '../tool.ts'
import { readContents } from './contents.ts'
import { listBeside } from './schemas.ts'
import type { Server } from './server.ts'
import { connectionString, eachOf, jobs } from './tools.ts'

const { escapeIdentifier } = pg

/** Dumps the database by `pg_dump`, and reads what is in it by the same snapshot. */
export async function dumpDatabase(server: Server, { scratch, add, signal }: DumpTarget): Promise<Contents> {
  const { command, debianPackage, env } = await server.prepareTool('pg_dump')
  return server.withLive(async (session) => {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const snapshot = (await session.query('SELECT pg_export_snapshot() AS id'))[0]?.['id'] ?? ''
    const dump = join(scratch, 'dump')
    const beside = (await listBeside(session)).map((name) => `--exclude-schema=${escapeIdentifier(name)}`)
    const args = [
      ...['--format=directory', '--compress=0', `--jobs=${jobs}`, `--snapshot=${snapshot}`, ...beside],
      ...['--no-password', `--file=${dump}`, `--dbname=${connectionString(server.database)}`],
    ]
    // neither goes on without the other: the folder is removed after a failure. The reading is first, as its failure ends the
    // snapshot, of which the tool then complains
    const [contents] = await allEnded([
      readContents(session, true),
      runTool({ command, debianPackage, args, env, signal }).catch((error: unknown) => {
        throw explainDump(error, dump)
      }),
    ])
    await session.query('COMMIT')
    await eachOf(await readdir(dump), jobs, async (file) => {
      await add(file, readChunks(join(dump, file)))
      await rm(join(dump, file))
    })
    return contents
  })
}

/** The tool says that it cannot write, and not where to. */
function explainDump(error: unknown, folder: string): unknown {
  return error instanceof RefusedError ? new RefusedError(`${error.message}; it wrote to ${folder}`) : error
}
