/** Files on a real disk: backed up, damaged, and taken back. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { listBackups, makeBackup } from '../../../src/layers/config/backup.ts'
import { readState, replaceState } from '../../../src/layers/config/file.ts'
import { applyRestore, planRestore, refusalOf } from '../../../src/layers/config/restore.ts'
import { findTarget } from '../../../src/layers/config/target.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
const about = { environment: 'production', revision: 'a'.repeat(40), by: 'grace', reason: 'a test' }

const deployment = { revision: about.revision, since: new Date('2026-11-27T09:00:00Z') }

let folder: string
let storage: string
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'config-'))
  folder = join(root, 'shop')
  storage = join(root, 'backups')
  mkdirSync(folder)
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const write = (file: string, text: string | Buffer) => writeFileSync(join(folder, file), text)
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

let time = Date.parse('2026-11-27T09:00:00Z')
async function backUp(...paths: string[]) {
  time += 60_000
  const files = new Map(
    await Promise.all(paths.map(async (path) => [path, await readState(folder, path)] as const)),
  )
  return makeBackup({ ...about, storage, kind: 'snapshot', files, now: new Date(time) })
}

interface Wish {
  readonly target?: string
  readonly keys?: readonly string[]
  readonly allowRemoval?: boolean
  readonly schema?: string
  readonly required?: readonly string[]
}

async function plan(paths: readonly string[], { target = 'latest', keys = [], schema, ...more }: Wish = {}) {
  const found = await findTarget({
    target,
    storage,
    environment: 'production',
    paths,
    deployment,
    readRevision: async () => undefined,
  })
  const options = {
    folder,
    target: found,
    keys,
    schema: schema === undefined ? undefined : { path: 'schema.json', text: schema },
    required: more.required ?? [],
    allowRemoval: more.allowRemoval ?? false,
    secrets: [],
  }
  return { planned: await planRestore(options), options }
}

async function restore(paths: readonly string[], wish: Wish = {}) {
  const { planned, options } = await plan(paths, wish)
  time += 60_000
  return applyRestore(planned, { ...options, ...about, storage, now: new Date(time) })
}

describe('a restore', () => {
  test('gives the bytes and the permissions back, whatever the format', async () => {
    const odd = Buffer.from('\ufeffa: 1\r\n# é\r\n\tb', 'utf8')
    for (const file of ['app.yaml', 'logo.bin', '.env']) write(file, odd)
    chmodSync(join(folder, 'app.yaml'), 0o640)
    await backUp('app.yaml', 'logo.bin')
    write('app.yaml', 'a: 2\n')
    chmodSync(join(folder, 'app.yaml'), 0o600)
    rmSync(join(folder, 'logo.bin'))
    await restore(['logo.bin'])
    expect(readFileSync(join(folder, 'logo.bin'))).toEqual(odd)
    write('app.yaml', 'a: 2\n')
    await expect(restore(['app.yaml'])).rejects.toThrow('app.yaml:3:1')
  })

  test('gives mode and line endings back, and not only the text (nacos 1575)', async () => {
    write('app.yaml', 'a: 1\r\n')
    chmodSync(join(folder, 'app.yaml'), 0o640)
    await backUp('app.yaml')
    write('app.yaml', 'a: 2\n')
    chmodSync(join(folder, 'app.yaml'), 0o666)
    await restore(['app.yaml'])
    expect(read('app.yaml')).toBe('a: 1\r\n')
    expect(statSync(join(folder, 'app.yaml')).mode & 0o777).toBe(0o640)
  })

  test('done twice does nothing the second time: the bad state does not come back', async () => {
    write('app.json', '{"url": "good"}')
    await backUp('app.json')
    write('app.json', '{"url": "bad"}')
    const kept = await restore(['app.json'])
    expect(read('app.json')).toBe('{"url": "good"}')
    expect(await restore(['app.json'])).toBeUndefined()
    expect(read('app.json')).toBe('{"url": "good"}')
    await restore(['app.json'], { target: kept?.emergency.name ?? '' })
    expect(read('app.json')).toBe('{"url": "bad"}')
  })

  test('to the first backup gives its bytes, and does not delete the file (nacos 15838)', async () => {
    write('app.json', '{"v": 1}')
    const first = await backUp('app.json')
    write('app.json', '{"v": 2}')
    await backUp('app.json')
    write('app.json', '{"v": 3}')
    await restore(['app.json'], { target: first.name })
    expect(read('app.json')).toBe('{"v": 1}')
  })

  test('removes a file that did not exist only when that is allowed (nacos 1179)', async () => {
    await backUp('new.json')
    write('new.json', '{}')
    const { planned, options } = await plan(['new.json'])
    expect(planned[0]?.what).toBe('remove')
    expect(String(refusalOf(planned, options))).toContain('did not exist at the target and would be removed')
    await expect(restore(['new.json'])).rejects.toThrow('`config.allow-removal`')
    expect(existsSync(join(folder, 'new.json'))).toBe(true)
    const kept = await restore(['new.json'], { allowRemoval: true })
    expect(existsSync(join(folder, 'new.json'))).toBe(false)
    await restore(['new.json'], { target: kept?.emergency.name ?? '' })
    expect(read('new.json')).toBe('{}')
  })

  test('reaches every older version, not only the last (apollo 1642)', async () => {
    const names: string[] = []
    for (let version = 0; version < 12; version++) {
      write('app.json', `{"v": ${version}}`)
      names.push((await backUp('app.json')).name)
    }
    for (const [version, name] of names.entries()) {
      await restore(['app.json'], { target: name })
      expect(read('app.json')).toBe(`{"v": ${version}}`)
    }
  })

  test('takes the newest backup before a time', async () => {
    write('app.json', '1')
    await backUp('app.json')
    const between = new Date(time + 1000).toISOString()
    write('app.json', '2')
    await backUp('app.json')
    await restore(['app.json'], { target: `before:${between}` })
    expect(read('app.json')).toBe('1')
    await expect(restore(['app.json'], { target: 'before:2020-01-01' })).rejects.toThrow('the oldest backup')
    await expect(restore(['app.json'], { target: 'before:yesterday' })).rejects.toThrow(
      'write before: and a time',
    )
    const withoutZone = { target: 'before:2026-11-27T12:00:00' }
    await expect(restore(['app.json'], withoutZone)).rejects.toThrow('a time with its zone')
  })

  test('that cannot be read is refused, and the error says that it is the target; the file stays', async () => {
    write('app.json', '{"a": 1, "a": 2}')
    await backUp('app.json')
    write('app.json', '{"a": 1}')
    await expect(restore(['app.json'])).rejects.toThrow(
      /what would be restored cannot be used: app.json:1:10 sets "a" again.* name another/,
    )
    expect(read('app.json')).toBe('{"a": 1}')
  })

  test('with aliases that make it huge goes back byte for byte, uncompared; it is refused where it has to be checked', async () => {
    const names = [...'abcdefgh']
    const bomb = names
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(index === 0 ? 'x' : `*${names[index - 1]}`)
            .join(', ')}]\n`,
      )
      .join('')
    write('app.yml', bomb)
    await backUp('app.yml')
    write('app.yml', 'a: 1\n')
    await expect(restore(['app.yml'], { required: ['a'] })).rejects.toThrow('not compared or checked')
    expect(read('app.yml')).toBe('a: 1\n')
    await restore(['app.yml'])
    expect(read('app.yml')).toBe(bomb)
  })

  test('into a folder that is none, or out of a storage that is none, is an error that names the setting', async () => {
    write('app.json', '1')
    await backUp('app.json')
    const real = { folder, storage }
    folder = join(real.folder, 'nowhere')
    await expect(plan(['app.json'])).rejects.toThrow(/`config.folder` is .*nowhere, which does not exist/)
    folder = join(real.folder, 'app.json')
    await expect(plan(['app.json'])).rejects.toThrow(/`config.folder` is .*, which is not a folder/)
    storage = folder
    folder = real.folder
    await expect(plan(['app.json'])).rejects.toThrow(/`config.storage` is .*, which is not a folder/)
  })

  test('that is not valid is refused, and the file stays', async () => {
    write('app.json', '{"port": "x"}')
    await backUp('app.json')
    write('app.json', '{"port": 1}')
    const schema = '{"properties": {"port": {"type": "integer"}}}'
    await expect(restore(['app.json'], { schema })).rejects.toThrow('app.json /port')
    await expect(restore(['app.json'], { required: ['api.baseUrl'] })).rejects.toThrow(
      'api.baseUrl is required',
    )
    expect(read('app.json')).toBe('{"port": 1}')
    expect((await listBackups(storage)).manifests).toHaveLength(1)
  })

  test('of one key leaves what was added elsewhere', async () => {
    write('app.json', '{"api": {"url": "good"}}')
    await backUp('app.json')
    write('app.json', '{"api": {"url": "bad", "retries": 3}}')
    await restore(['app.json'], { keys: ['api.url'] })
    expect(read('app.json')).toBe('{"api": {"url": "good", "retries": 3}}')
  })

  test('of keys, or by a schema, is refused where it could not be heeded', async () => {
    write('logo.bin', 'x')
    write('app.json', '{}')
    await backUp('logo.bin', 'app.json')
    await expect(restore(['logo.bin'], { keys: ['a'] })).rejects.toThrow(
      'has no format whose keys can be read',
    )
    await expect(restore(['logo.bin'], { required: ['a'] })).rejects.toThrow('leave the file out')
    rmSync(join(folder, 'app.json'))
    await expect(restore(['app.json'], { keys: ['a'] })).rejects.toThrow('does not exist now')
    expect(existsSync(join(folder, 'app.json'))).toBe(false)
  })

  test('of a file that somebody changed since the plan is refused (growthbook 6070)', async () => {
    write('app.json', '{"v": 1}')
    await backUp('app.json')
    write('app.json', '{"v": 2}')
    const { planned, options } = await plan(['app.json'])
    write('app.json', '{"v": 3}')
    const late = applyRestore(planned, { ...options, ...about, storage, now: new Date(time) })
    await expect(late).rejects.toThrow('app.json has changed since the plan was made')
    expect(read('app.json')).toBe('{"v": 3}')
  })

  test('by two at once ends with the good bytes, and whoever came second is told', async () => {
    write('app.json', '{"v": 1}')
    await backUp('app.json')
    write('app.json', '{"v": 2}')
    const plans = await Promise.all([plan(['app.json']), plan(['app.json'])])
    const results = await Promise.allSettled(
      plans.map(({ planned, options }) =>
        applyRestore(planned, { ...options, ...about, storage, now: new Date(time + 60_000) }),
      ),
    )
    expect(read('app.json')).toBe('{"v": 1}')
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'ConflictError' })
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true)
  })

  const root = (command: string, ...args: string[]) =>
    process.getuid?.() === 0
      ? execFileSync(command, args)
      : execFileSync('sudo', ['--non-interactive', command, ...args])

  /** @param other a file that is on another disk */
  async function onFullDisk(other: readonly string[], check: (disk: string) => Promise<void>) {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    root('mount', '-t', 'tmpfs', '-o', `size=64k,uid=${process.getuid?.()}`, 'none', disk)
    try {
      for (const file of other) write(file, '{"v": 1}')
      write('disk/app.json', `{"v": "${'x'.repeat(40_000)}"}`)
      await backUp(...other, 'disk/app.json')
      for (const file of [...other, 'disk/app.json']) write(file, '{"v": 2}')
      write('disk/filler', Buffer.alloc(40_000))
      await check(disk)
    } finally {
      root('umount', disk)
    }
  }

  test('that fills the disk leaves the file as it was, and no half of another', async () => {
    await onFullDisk([], async (disk) => {
      await expect(restore(['disk/app.json'])).rejects.toThrow(/disk\/app.json cannot be written to: ENOSPC/)
      expect(read('disk/app.json')).toBe('{"v": 2}')
      expect(readdirSync(disk).sort()).toEqual(['app.json', 'filler'])
    })
  })

  test('that fills the disk at its second file says which is not back, and has the copy that undoes it', async () => {
    await onFullDisk(['a.json'], async () => {
      const done = await restore(['a.json', 'disk/app.json'])
      expect(done?.problem).toMatch(/^disk\/app.json is not as at the target: .*ENOSPC.* in the backup/)
      expect([read('a.json'), read('disk/app.json')]).toEqual(['{"v": 1}', '{"v": 2}'])
      const { manifests } = await listBackups(storage)
      expect(manifests.map(({ name }) => name)).toContain(done?.emergency.name)
    })
  })

  test('of several files of which somebody changed one since the plan writes none', async () => {
    for (const file of ['a.json', 'b.json']) write(file, '{"v": 1}')
    await backUp('a.json', 'b.json')
    for (const file of ['a.json', 'b.json']) write(file, '{"v": 2}')
    const { planned, options } = await plan(['a.json', 'b.json'])
    write('b.json', '{"v": "of a colleague"}')
    await expect(
      applyRestore(planned, { ...options, ...about, storage, now: new Date(time) }),
    ).rejects.toThrow('b.json has changed since the plan was made: nothing was changed; plan again')
    expect([read('a.json'), read('b.json')]).toEqual(['{"v": 2}', '{"v": "of a colleague"}'])
  })

  test('of a file that is mounted on its own, as in a container, is one clear error', async () => {
    write('mounted.json', '{"v": 1}')
    await backUp('mounted.json')
    write('mounted.json', '{"v": 2}')
    root('mount', '--bind', join(folder, 'mounted.json'), join(folder, 'mounted.json'))
    try {
      await expect(restore(['mounted.json'])).rejects.toThrow(/mounted.json cannot be written to: EBUSY/)
      expect(readdirSync(folder)).toEqual(['mounted.json'])
    } finally {
      root('umount', join(folder, 'mounted.json'))
    }
  })

  test('of a file with a name as long as the system takes gives its bytes back', async () => {
    const long = `${'é'.repeat(125)}.json`
    write(long, '{"v": 1}')
    await backUp(long)
    write(long, '{"v": 2}')
    await restore([long])
    expect(read(long)).toBe('{"v": 1}')
  })

  test('that was killed after its first file goes on, and its backup has what was there before the first', async () => {
    for (const file of ['a.json', 'b.json']) write(file, '{"v": 1}')
    await backUp('a.json', 'b.json')
    for (const file of ['a.json', 'b.json']) write(file, '{"v": 2}')
    const { planned, options } = await plan(['a.json', 'b.json'])
    const states = new Map(
      await Promise.all(
        ['a.json', 'b.json'].map(async (path) => [path, await readState(folder, path)] as const),
      ),
    )
    // what the first run had done when it was killed
    const first = await makeBackup({
      ...about,
      storage,
      kind: 'emergency',
      files: states,
      now: new Date(time + 1000),
    })
    const [one] = planned
    await replaceState(folder, 'a.json', { expected: one?.seen ?? '', state: one?.next })
    const again = await planRestore(options)
    const kept = await applyRestore(again, { ...options, ...about, storage, now: new Date(time + 2000) })
    expect(kept?.emergency.name).toBe(first.name)
    expect([read('a.json'), read('b.json')]).toEqual(['{"v": 1}', '{"v": 1}'])
  })

  test('whose writer is killed at any instant leaves the old file or the new one', async () => {
    const good = JSON.stringify({ v: 1, fill: 'x'.repeat(300_000) })
    const bad = JSON.stringify({ v: 2, fill: 'y'.repeat(300_000) })
    write('app.json', good)
    await backUp('app.json')
    for (const delay of [0, 1, 2, 4, 8, 16, 32]) {
      write('app.json', bad)
      const child = spawn(process.execPath, [worker, folder, storage], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      await Promise.race([once(child.stdout, 'data'), ended])
      await new Promise((done) => setTimeout(done, delay))
      child.kill('SIGKILL')
      await ended
      expect([good, bad]).toContain(read('app.json'))
      await restore(['app.json'])
      expect(read('app.json')).toBe(good)
    }
    expect(readdirSync(folder).filter((name) => name.includes('partial')).length).toBeLessThanOrEqual(7)
  })

  test('gives any bytes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 200 }),
        async (good, bad) => {
          rmSync(storage, { recursive: true, force: true })
          write('any.dat', Buffer.from(good))
          await backUp('any.dat')
          write('any.dat', Buffer.from(bad))
          await restore(['any.dat'])
          expect(readFileSync(join(folder, 'any.dat'))).toEqual(Buffer.from(good))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('a backup', () => {
  test('that the newest one holds already is not kept twice', async () => {
    write('app.json', '1')
    const first = await backUp('app.json')
    expect((await backUp('app.json')).name).toBe(first.name)
  })

  test('that is damaged, or foreign, is named and not used', async () => {
    write('app.json', '1')
    const { name, files } = await backUp('app.json')
    write('app.json', '2')
    writeFileSync(join(storage, name, files[0]?.content?.sha256 ?? ''), '3')
    await expect(restore(['app.json'])).rejects.toThrow(
      `the backup ${name}, whose copy of app.json is damaged`,
    )
    writeFileSync(join(storage, name, 'manifest.json'), '{"schema": 7}')
    await expect(restore(['app.json'])).rejects.toThrow(`${name}: its manifest is malformed`)
    expect(read('app.json')).toBe('2')
  })

  test('of another environment is no target', async () => {
    write('app.json', '1')
    await backUp('app.json')
    const other = findTarget({
      target: 'latest',
      storage,
      environment: 'staging',
      paths: ['app.json'],
      deployment,
      readRevision: async () => undefined,
    })
    await expect(other).rejects.toThrow('has no backup of staging with app.json')
  })
})

describe('a path', () => {
  test.each(['../outside', '/etc/hostname', '.', 'a/../../b'])(
    'that leads out of the folder is refused: %s',
    async (path) => {
      await expect(readState(folder, path)).rejects.toThrow('leads out of the folder')
    },
  )

  test('that is a link out of the folder is refused, and the file it leads to stays', async () => {
    const secret = join(folder, '..', 'secret')
    writeFileSync(secret, 'x')
    symlinkSync(secret, join(folder, 'link.json'))
    await expect(readState(folder, 'link.json')).rejects.toThrow('leads out of the folder')
    const state = { bytes: Buffer.from('y'), mode: 0o644, uid: 0, gid: 0 }
    await expect(replaceState(folder, 'link.json', { expected: 'absent', state })).rejects.toThrow(
      'leads out',
    )
    symlinkSync(join(folder, '..'), join(folder, 'up'))
    await expect(readState(folder, 'up/secret')).rejects.toThrow('leads out of the folder')
    await expect(replaceState(folder, 'up/fresh', { expected: 'absent', state })).rejects.toThrow('leads out')
    expect(readFileSync(secret, 'utf8')).toBe('x')
  })

  test('that cannot be restored is named by its place in the settings', async () => {
    const file = { bytes: Buffer.from('{}'), mode: 0o644, uid: 0, gid: 0, digest: 'x' }
    const at = (path: string) =>
      planRestore({
        ...{ folder, keys: [], schema: undefined, required: [], allowRemoval: false, secrets: [] },
        target: {
          name: 'b',
          foundBy: 'name',
          files: new Map([
            ['app.json', file],
            [path, file],
          ]),
        },
      })
    mkdirSync(join(folder, 'sub'))
    await expect(at('sub')).rejects.toThrow('`config.files[1]`: sub is not a file')
    await expect(at('../outside')).rejects.toThrow('`config.files[1]`: ../outside leads out of the folder')
  })

  test('that is a folder is refused', async () => {
    mkdirSync(join(folder, 'sub'))
    await expect(readState(folder, 'sub')).rejects.toThrow('sub is not a file')
  })
})
