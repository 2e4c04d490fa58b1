/** Files of a machine: the way back from a restore. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/config/backup.ts'
import { readState } from '../../../src/layers/config/file.ts'
import { openFolderFiles } from '../../../src/layers/config/folder-files.ts'
import { findTarget } from '../../../src/layers/config/target.ts'

const about = { environment: 'production', revision: 'a'.repeat(40), by: 'grace', reason: 'a test' }
const named = ['app.json', 'new.json', 'gone.env']
const secret = 'ghp_0123456789abcdefghij0123456789abcdef'

let folder: string
let storage: string
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'folder-'))
  folder = join(root, 'shop')
  storage = join(root, 'backups')
  mkdirSync(folder)
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
const read = (file: string) => readFileSync(join(folder, file), 'utf8')
const open = (isInterrupted = false, files = named) =>
  openFolderFiles({
    ...{ ...about, files, folder, storage, keys: [], allowRemoval: true, earlier: undefined, isInterrupted },
    rules: async () => ({ schema: undefined, required: [], secrets: [], warnings: [] }),
    findTarget: () =>
      findTarget({
        ...{ target: 'latest', storage, environment: about.environment, paths: files },
        deployment: { revision: about.revision, since: new Date() },
        readRevision: async () => undefined,
      }),
    now: () => new Date(),
  })

/** A restore that changed one file, removed one and created one. */
async function rollBack(files = named) {
  write('app.json', '{ "a": 1 }')
  write('gone.env', 'A=1\n')
  const states = await Promise.all(files.map(async (path) => [path, await readState(folder, path)] as const))
  await makeBackup({
    ...about,
    storage,
    kind: 'snapshot',
    files: new Map(states),
    now: new Date(Date.now() - 60_000),
  })
  write('app.json', `{ "a": 2,\r\n "token": "${secret}" }`)
  chmodSync(join(folder, 'app.json'), 0o640)
  write('new.json', '{}')
  rmSync(join(folder, 'gone.env'))
  const receipt = await (await open().plan()).apply()
  expect([read('app.json'), existsSync(join(folder, 'new.json')), read('gone.env')]).toEqual([
    '{ "a": 1 }',
    false,
    'A=1\n',
  ])
  return receipt
}

test('an undo of files of a machine is exact: bytes, permissions, removed and created ones, secrets too; done twice it does nothing', async () => {
  const receipt = await rollBack()
  // the secret is in the backup, which is private, and in no receipt
  expect(JSON.stringify(receipt)).not.toContain(secret)
  for (const _ of ['once', 'twice']) {
    expect(await open().undo(receipt)).toContain('as before the rollback again')
    expect(read('app.json')).toBe(`{ "a": 2,\r\n "token": "${secret}" }`)
    expect(statSync(join(folder, 'app.json')).mode & 0o777).toBe(0o640)
    expect(read('new.json')).toBe('{}')
    expect(existsSync(join(folder, 'gone.env'))).toBe(false)
  }
})

test('an undo of files of which a colleague changed one since is a conflict, and none is written', async () => {
  const receipt = await rollBack()
  write('gone.env', 'A=of a colleague\n')
  await expect(open().undo(receipt)).rejects.toMatchObject({
    name: 'ConflictError',
    message: expect.stringContaining('gone.env in'),
  })
  expect([read('app.json'), existsSync(join(folder, 'new.json')), read('gone.env')]).toEqual([
    '{ "a": 1 }',
    false,
    'A=of a colleague\n',
  ])
})

test('an undo brings permissions back that the restore alone changed', async () => {
  write('app.json', '{}')
  chmodSync(join(folder, 'app.json'), 0o600)
  const files = ['app.json']
  const states = await Promise.all(files.map(async (path) => [path, await readState(folder, path)] as const))
  await makeBackup({ ...about, storage, kind: 'snapshot', files: new Map(states), now: new Date() })
  chmodSync(join(folder, 'app.json'), 0o644)
  const receipt = await (await open(false, files).plan()).apply()
  expect(statSync(join(folder, 'app.json')).mode & 0o777).toBe(0o600)
  await open(false, files).undo(receipt)
  expect(statSync(join(folder, 'app.json')).mode & 0o777).toBe(0o644)
})

test('a run that was killed after its last write is found to have done it, and can be undone exactly', async () => {
  await rollBack()
  const plan = await open(true).plan()
  expect(plan.view.state).toBe('done')
  const receipt = await plan.apply()
  expect(receipt.outcome).toBe('already-rolled-back')
  await open().undo(receipt)
  expect([read('app.json'), read('new.json'), existsSync(join(folder, 'gone.env'))]).toEqual([
    `{ "a": 2,\r\n "token": "${secret}" }`,
    '{}',
    false,
  ])
})

test('an undo without its backup is refused, and nothing is changed', async () => {
  const receipt = await rollBack()
  rmSync(storage, { recursive: true })
  await expect(open().undo(receipt)).rejects.toThrow(/is not in .*: nothing was changed/)
  expect(read('app.json')).toBe('{ "a": 1 }')
})
