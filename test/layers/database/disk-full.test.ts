/** A disk that has no room left, at any moment of a backup or a restore. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { isUserFacing } from '../../../src/errors.ts'
import { differences } from '../../../src/layers/database/compare.ts'
import { ended, kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { type MariaDbServer, startMariaDb } from '../../support/mariadb.ts'

const scene = useServers()

/** A disk of so many MiB under a folder; `leave` fills it until so many are free. */
function mountDisk(place: string, size: number) {
  mkdirSync(place)
  execFileSync(
    ...asRoot('mount', '-t', 'tmpfs', '-o', `size=${size}m,uid=${process.getuid?.()}`, 'none', place),
  )
  const filler = join(place, 'filler')
  return {
    folder: place,
    leave: (megabytes: number) => {
      rmSync(filler, { force: true })
      const { bavail, bsize } = statfsSync(place)
      const length = bavail * bsize - megabytes * 1024 * 1024
      if (length > 0) writeFileSync(filler, Buffer.alloc(length))
    },
    unmount: () => execFileSync(...asRoot('umount', place)),
  }
}

function asRoot(command: string, ...args: string[]): [string, string[]] {
  return process.getuid?.() === 0 ? [command, args] : ['sudo', ['--non-interactive', command, ...args]]
}

describe.each(kinds)('on %s', (kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await makeDatabase(kind, scene.servers, scene.folder)
    await database.fill(30_000)
  })

  const places: [string, () => string][] = [
    ['the backups are kept', () => database.backups],
    ['what is dumped is put first', () => join(scene.folder, 'worker')],
  ]
  // the dump of MariaDB is never a file
  test.each(kind === 'mysql' ? places.slice(0, 1) : places)(
    'a backup that fills the disk where %s says so, is none, and leaves nothing',
    async (_what, place) => {
      for (const size of [16, 64, 300, 1000]) {
        const disk = { folder: place(), size }
        const child = database.start('backup', { disk })
        const said = await ended(child)
        expect(said).toMatch(/RefusedError: .*(no space left|disk is full)/is)
        expect(said.slice(said.indexOf('RefusedError'))).toContain(place())
        expect(child.exitCode).not.toBe(0)
        expect(said).not.toMatch(/^left .*(2\d{7}T|dump|\.zst)/m)
      }
    },
  )

  const sizes = { sqlite: 60, postgres: 120, mysql: 400 }
  test('a restore that fills the disk of the database says so, and leaves the old one as it was', async () => {
    const disk = mountDisk(join(scene.folder, 'disk'), sizes[kind])
    let server: MariaDbServer | undefined
    // the servers run as users of their own
    await chmod(scene.folder, 0o755)
    try {
      if (kind === 'postgres') await moveTo(disk.folder)
      else {
        // MariaDB has no way to put one database on another disk: a whole server is
        if (kind === 'mysql') server = await startMariaDb({ place: disk.folder })
        const servers = server === undefined ? scene.servers : { ...scene.servers, mysql: server }
        database = await makeDatabase(kind, servers, kind === 'sqlite' ? disk.folder : scene.folder)
        await database.fill(30_000)
      }
      const manifest = await database.back()
      await database.run("UPDATE t SET v = REPLACE(v, '1', '2')")
      const bad = await database.contents()
      const names = await database.names()
      const failed: string[] = []
      for (const free of [0.2, 1, 2.5, 4.5, 6.5, 9.5, 12.5, 16]) {
        disk.leave(free)
        const error = await database.restore(manifest).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        disk.leave(Number.POSITIVE_INFINITY)
        if (error === undefined) break
        expect(isUserFacing(error) ? error.message : error).toMatch(
          /no space left|disk is full|free disk space/i,
        )
        // no row in the log
        expect(String(error)).not.toMatch(/[0-9a-f]{32}/)
        failed.push(String(error))
        expect(differences(bad, await database.contents())).toEqual([])
        expect((await database.names()).filter((name) => !/restore-lock|-wal|-shm/.test(name))).toEqual(
          names.filter((name) => !/restore-lock|-wal|-shm/.test(name)),
        )
      }
      expect(failed.length).toBeGreaterThan(2)
      await database.restore(manifest)
      expect(differences(manifest.contents, await database.contents())).toEqual([])
    } finally {
      if (kind === 'postgres')
        await scene.servers.postgres.sql('postgres', 'DROP DATABASE IF EXISTS shop WITH (FORCE)')
      await dropTablespace()
      await server?.stop()
      disk.unmount()
    }
  })

  /** Moves the database of PostgreSQL to a disk of its own, where its copy goes too. */
  async function moveTo(place: string): Promise<void> {
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', place])
    await scene.servers.postgres.sql('postgres', `CREATE TABLESPACE small LOCATION '${place}'`)
    await scene.servers.postgres.sql('postgres', 'ALTER DATABASE shop SET TABLESPACE small')
  }

  async function dropTablespace(): Promise<void> {
    const databases = "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'"
    for (const { datname } of await scene.servers.postgres.sql('postgres', databases))
      await scene.servers.postgres.sql('postgres', `DROP DATABASE "${datname}" WITH (FORCE)`)
    await scene.servers.postgres.sql('postgres', 'DROP TABLESPACE IF EXISTS small')
  }

  test('a backup into a place that takes no file says which, and ends', async () => {
    await writeFile(database.backups, 'a file')
    await expect(database.back()).rejects.toThrow(`${database.backups} cannot be written to`)
    await rm(database.backups)
    await mkdir(database.backups)
    await database.back()
  })
})
