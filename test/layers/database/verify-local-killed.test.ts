/** A backup that is verified on a server of its own, killed: neither the server nor its files stay, and the backup is none or says how far it came. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from '@jest/globals'
import { readCatalog } from '../../../src/layers/database/catalog.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { ended, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'

const scene = useServers()
let database: TestDatabase
let temporary: string
beforeEach(async () => {
  database = await makeDatabase('postgres', scene.servers, scene.folder)
  // so many that a restore takes longer than any kill waits
  await database.fill(200_000)
  // the server runs as another user than root
  temporary = join(scene.folder, 'tmp')
  mkdirSync(temporary)
  chmodSync(scene.folder, 0o755)
  chmodSync(temporary, 0o755)
})

/** Processes of the server that is started in the folder of the test. */
const processes = () =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`${temporary}/verify-`))
    .map((line) => Number.parseInt(line, 10))

const start = () =>
  database.start('backup', { verifyOn: 'local', env: { ...process.env, TMPDIR: temporary } })

test.each([0, 150, 400])('the process is killed %d ms after it said that it verifies', async (afterMs) => {
  const child = start()
  let said = ''
  const said_ = ended(child)
  child.stdout?.on('data', (text: string) => {
    said += text
  })
  while (!/verifies the backup: restores it once on a server/.test(said) && child.exitCode === null)
    await sleep(5)
  expect(said).toMatch(/on a server that is started on this machine/)
  expect(processes().length).toBeGreaterThan(0)
  await sleep(afterMs)
  child.kill('SIGKILL')
  await said_
  for (
    let tries = 0;
    (processes().length > 0 || readdirSync(temporary).length > 0) && tries < 200;
    tries += 1
  )
    await sleep(50)
  expect({ processes: processes(), files: readdirSync(temporary) }).toEqual({ processes: [], files: [] })
  // the manifest is written last
  expect((await readCatalog(openFolderStore(database.backups))).backups).toEqual([])
  expect(await database.names()).toEqual(['shop'])
  expect((await database.back()).verification.level).toBe('restore')
})

test('the server is killed: the backup is neither verified nor failed, and it is said why', async () => {
  const child = start()
  let said = ''
  child.stdout?.on('data', (text: string) => {
    said += text
  })
  const whole = ended(child)
  while (!/verifies the backup: restores it once on a server/.test(said) && child.exitCode === null)
    await sleep(2)
  for (const pid of processes())
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended with another of them
    }
  expect(await whole).toMatch(/UnavailableError|RefusedError/)
  const { backups } = await readCatalog(openFolderStore(database.backups))
  expect(backups).toHaveLength(1)
  expect(backups[0]?.verification.level).toBe('checksums')
  expect(backups[0]?.verification.failure).toBeUndefined()
})
