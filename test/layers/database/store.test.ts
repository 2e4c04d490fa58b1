/** Where backups are kept: the same promises of a folder and of a bucket. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { readCatalog } from '../../../src/layers/database/catalog.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openStore } from '../../../src/layers/database/store/open.ts'
import type { Store } from '../../../src/layers/database/store/store.ts'
import { type BucketServer, startBucketServer } from '../../support/bucket.ts'

let server: BucketServer
let folder: string
beforeAll(async () => {
  server = await startBucketServer({ bucket: 'my.backups' })
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

let round = 0
function open(kind: string, env: Readonly<Record<string, string>> = {}): Store {
  round += 1
  const storage = kind === 'folder' ? join(folder, 'backups') : `s3://my.backups/shop/${round}`
  return openStore(storage, { env: { ...server.env, ...env }, fetch })
}

describe.each(['folder', 'bucket'])('a %s', (kind) => {
  test('gives back what was written to it, lists it, and forgets it', async () => {
    const store = open(kind)
    expect(await store.list()).toEqual([])
    await store.write('b/two words & more=1.json', Readable.from(['two']))
    await store.write('a/part', Readable.from(['one ', 'part']))
    await store.write('a/empty', Readable.from([]))
    expect(await store.list()).toEqual(['a/empty', 'a/part', 'b/two words & more=1.json'])
    expect(await text(await store.read('a/part'))).toBe('one part')
    expect(await text(await store.read('a/empty'))).toBe('')
    await store.remove('a/part')
    await store.remove('a/part')
    await expect(store.read('a/part')).rejects.toThrow(`a/part is not in ${store.place}`)
    expect(await store.list()).toEqual(['a/empty', 'b/two words & more=1.json'])
  })

  test('takes what is big in parts, byte by byte the same', async () => {
    const store = open(kind)
    const pieces = Array.from({ length: 21 }, () => randomBytes(1_000_003))
    await store.write('a/big', Readable.from(pieces))
    const read: Buffer[] = []
    // a chunk may be used again for one that comes later
    for await (const chunk of await store.read('a/big')) read.push(Buffer.from(chunk))
    expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true)
  })

  test.each([1, 12])('has nothing of what broke off after %i MB', async (megabytes) => {
    const store = open(kind)
    const broken = async function* () {
      for (let sent = 0; sent < megabytes; sent += 1) yield randomBytes(1 << 20)
      throw new Error('the dump ended with code 1')
    }
    await expect(store.write('a/cut', Readable.from(broken()))).rejects.toThrow('ended with code 1')
    expect(await store.list()).toEqual([])
  })

  test('keeps backups that a database comes back from, and no half one', async () => {
    const store = open(kind)
    const path = join(folder, 'app.db')
    const database = new DatabaseSync(path)
    database.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    const common = {
      engine: await openEngine(parseConnection(`sqlite:${path}`), {
        env: {},
        scratch: folder,
        log: () => {},
      }),
      store,
      scratch: join(folder, 'scratch'),
      now: () => new Date(),
      log: () => {},
    }
    const manifest = await makeBackup({
      ...common,
      environment: 'production',
      before: '1'.repeat(40),
      migrations: [],
      pinned: false,
      recipient: undefined,
      verify: 'restore',
    })
    database.exec('UPDATE t SET v = 2')
    expect((await readCatalog(store)).backups).toEqual([manifest])
    await restoreBackup({
      ...common,
      manifest,
      identity: undefined,
      verify: 'full',
      allowDataLoss: true,
      exportTo: undefined,
      keepOldMs: 0,
      dryRun: false,
    })
    expect(database.prepare('SELECT v FROM t').all()).toEqual([{ v: 1 }])
    database.close()
  })
})

describe('a bucket', () => {
  test('of more files than one answer lists is listed whole, and a prefix is not that of another', async () => {
    const store = openStore('s3://my.backups/many', { env: server.env, fetch })
    for (const name of ['many', 'many-more', 'manyx'])
      mkdirSync(join(server.directory, name, 'b'), { recursive: true })
    writeFileSync(join(server.directory, 'many-more/b/x'), '')
    writeFileSync(join(server.directory, 'manyx/b/x'), '')
    const names = Array.from({ length: 2345 }, (_, at) => `b/${String(at).padStart(5, '0')}`)
    for (const name of names) writeFileSync(join(server.directory, 'many', name), '')
    expect(await store.list()).toEqual(names)
  })

  test.each([
    [
      { AWS_SECRET_ACCESS_KEY: 'wrong' },
      /bucket my\.backups on 127\.0\.0\.1:\d+ refused: 403 SignatureDoesNotMatch/,
    ],
    [{ AWS_ACCESS_KEY_ID: 'nobody' }, /refused: .*access key id/i],
    [{ AWS_REGION: 'us-east-1' }, /is not in the region us-east-1: set AWS_REGION/],
    [{ AWS_SECRET_ACCESS_KEY: '' }, /set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in env/],
    [{ AWS_ENDPOINT_URL: 'nowhere' }, /AWS_ENDPOINT_URL, and that is not an address/],
  ])('of settings %j says what is wrong, and shows no key', async (env, message) => {
    const failing = (async () => open('bucket', env).list())()
    await expect(failing).rejects.toThrow(message)
    await expect(failing).rejects.not.toThrow(server.env['AWS_SECRET_ACCESS_KEY'])
  })

  test.each([
    's3://no',
    's3://Bucket/x',
    's3://bucket/../etc',
    's3:bucket',
    's3://bucket/a?b',
    'gs://bucket',
    's3//bucket/shop',
    's3/bucket',
    'S3//bucket',
  ])('is not called %s', (storage) => {
    expect(() => openStore(storage, { env: server.env, fetch })).toThrow(`is "${storage}"; write`)
  })

  test.each(['~/backups', '$HOME/backups', '/srv/${SHOP}/backups'])(
    'is not a folder that only a shell would know: %s',
    (storage) => {
      expect(() => openStore(storage, { env: server.env, fetch })).toThrow(`is "${storage}", and no shell`)
    },
  )

  test('that dies at any request of a backup or a restore leaves no backup that counts, and the database as it is', async () => {
    const env = server.env
    /** A server that answers so many requests, and then no more. */
    const mortal = (answers: number): typeof fetch => {
      let left = answers
      return async (url, init) => {
        left -= 1
        if (left < 0) throw new TypeError('fetch failed')
        return fetch(url, init)
      }
    }
    const attempts = [0, 1, 2].map(async (answers) => {
      const path = join(folder, `mortal-${answers}.db`)
      const database = new DatabaseSync(path)
      database.exec("CREATE TABLE t (v); INSERT INTO t VALUES ('good')")
      const storage = `s3://my.backups/mortal-${answers}`
      const surroundings = { env: {}, scratch: folder, log: () => {} }
      const common = {
        engine: await openEngine(parseConnection(`sqlite:${path}`), surroundings),
        scratch: join(folder, `scratch-${answers}`),
        now: () => new Date(),
        log: () => {},
      }
      const make = (store: Store) =>
        makeBackup({
          ...{ ...common, store, environment: 'production', before: '1'.repeat(40), migrations: [] },
          ...{ pinned: false, recipient: undefined, verify: 'restore' },
        })
      await expect(make(openStore(storage, { env, fetch: mortal(answers) }))).rejects.toThrow(
        /bucket my\.backups on 127\.0\.0\.1:\d+ does not answer: fetch failed/,
      )
      const store = openStore(storage, { env, fetch })
      expect((await readCatalog(store)).backups).toEqual([])
      const manifest = await make(store)
      database.exec("UPDATE t SET v = 'bad'")
      const dead = openStore(storage, { env, fetch: mortal(0) })
      const restore = {
        ...common,
        manifest,
        identity: undefined,
        verify: 'full',
        allowDataLoss: true,
      } as const
      const rest = { exportTo: undefined, keepOldMs: 0, dryRun: false } as const
      await expect(restoreBackup({ ...restore, ...rest, store: dead })).rejects.toThrow(/does not answer/)
      expect(database.prepare('SELECT v FROM t').all()).toEqual([{ v: 'bad' }])
      await restoreBackup({ ...restore, ...rest, store })
      expect(database.prepare('SELECT v FROM t').all()).toEqual([{ v: 'good' }])
      database.close()
    })
    // what is refused waits before it is tried again: all at once
    await Promise.all(attempts)
  })

  test('that is not there is told', async () => {
    await expect(openStore('s3://another', { env: server.env, fetch }).list()).rejects.toThrow(
      /404 NoSuchBucket/,
    )
  })

  test('whose server stumbles is asked again, and one that stays away is told', async () => {
    let failures = 0
    const stumbling: typeof fetch = async (url, init) => {
      failures += 1
      if (failures === 1) throw new TypeError('fetch failed')
      if (failures === 2) return new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
      return fetch(url, init)
    }
    const store = openStore('s3://my.backups/stumbling', { env: server.env, fetch: stumbling })
    await store.write('a/x', Readable.from(['x']))
    expect(failures).toBe(3)
    expect(await text(await store.read('a/x'))).toBe('x')

    const away = { ...server.env, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }
    await expect(openStore('s3://my.backups', { env: away, fetch }).list()).rejects.toThrow(
      /bucket my\.backups on 127\.0\.0\.1:1 does not answer/,
    )
  })

  test('whose answer breaks off gives no half file', async () => {
    const half = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('half')
      setTimeout(() => response.destroy(), 50)
    })
    await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve))
    const address: AddressInfo | string | null = half.address()
    const port = typeof address === 'object' ? address?.port : ''
    const env = { ...server.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }
    const reading = openStore('s3://my.backups', { env, fetch }).read('a/x').then(text)
    await expect(reading).rejects.toThrow(/a\/x of s3:\/\/my\.backups broke off/)
    await new Promise((resolve) => half.close(resolve))
  })
})
