/** A disk that has no room left, at any moment of a backup or a restore. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import {
  ended,
  kinds,
  makeDatabase,
  type Servers,
  startServers,
  type TestDatabase,
} from '../support/databases.ts'

let servers: Servers
let folder: string
beforeAll(async () => {
  servers = await startServers()
}, 90_000)
afterAll(() => servers.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'full-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe.each(kinds)('on %s', (kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await makeDatabase(kind, servers, folder)
    await database.fill(30_000)
  })

  test.each([
    ['the backups are kept', () => database.backups],
    ['what is dumped is put first', () => join(folder, 'worker')],
  ])('a backup that fills the disk where %s says so, is none, and leaves nothing', async (what, place) => {
    // the dump of MariaDB is never a file
    if (kind === 'mysql' && what !== 'the backups are kept') return
    for (const size of [16, 64, 300, 1000]) {
      const disk = { folder: place(), size }
      const child = database.start('backup', { disk })
      const said = await ended(child)
      expect(said).toMatch(/RefusedError: .*(no space left|disk is full)/is)
      expect(said.slice(said.indexOf('RefusedError'))).toContain(place())
      expect(child.exitCode).not.toBe(0)
      expect(said).not.toMatch(/^left .*(2\d{7}T|dump|\.zst)/m)
    }
  })

  test('a backup into a place that takes no file says which, and ends', async () => {
    await writeFile(database.backups, 'a file')
    await expect(database.back()).rejects.toThrow(`${database.backups} cannot be written to`)
    await rm(database.backups)
    await mkdir(database.backups)
    await database.back()
  })
})
