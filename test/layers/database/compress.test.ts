/** Parts of a backup are files of zstd that its own tool reads, whoever wrote them. */
import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createZstdCompress, constants as zlib } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openPart, sealPart, verifyPart } from '../../../src/layers/database/seal.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'

const path = 'backup/part'
const megabyte = 1 << 20

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compress-'))
  file = join(folder, path)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const store = () => openFolderStore(folder)
const open = async (part: Awaited<ReturnType<typeof seal>>) =>
  buffer(await openPart({ store: store(), path, part, compression: 'zstd', identity: undefined }))

async function seal(content: Buffer, chunkSize = 70_001) {
  const chunks = function* () {
    for (let from = 0; from < content.length; from += chunkSize)
      yield content.subarray(from, from + chunkSize)
  }
  const from = Readable.from(chunks(), { objectMode: false })
  return sealPart({
    store: store(),
    path,
    name: 'part',
    content: from,
    compression: 'zstd' as const,
    recipient: undefined,
    signal: undefined,
  })
}

/** Half of it compresses well, and half not at all. The same each time: no frame seems to begin where none does. */
const bytes = (size: number) =>
  Buffer.concat([
    Buffer.alloc(Math.floor(size / 2), 'abc '),
    createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(
      Buffer.alloc(Math.ceil(size / 2)),
    ),
  ])

/** Where each frame begins. */
function frames(stored: Buffer): readonly number[] {
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
  const starts: number[] = []
  for (let at = stored.indexOf(magic); at >= 0; at = stored.indexOf(magic, at + 1)) starts.push(at)
  return starts
}

test.each([
  [0, 1],
  [1, 1],
  [megabyte - 1, 1],
  [megabyte, 1],
  [megabyte + 1, 2],
  [9 * megabyte, 9],
  [9 * megabyte + 12_345, 10],
])('%i bytes are %i frames, which zstd itself reads', async (size, count) => {
  const content = bytes(size)
  const part = await seal(content)
  const read = execFileSync('zstd', ['--decompress', '--stdout', file], { maxBuffer: 1 << 30 })
  expect(read.equals(content)).toBe(true)
  expect(execFileSync('zstd', ['--list', '-v', file], { encoding: 'utf8', stdio: 'pipe' })).toContain('XXH64')
  expect(frames(readFileSync(file))).toHaveLength(count)
  expect(part.plainSize).toBe(size)
  expect((await open(part)).equals(content)).toBe(true)
})

test('chunks larger than a frame come back in their order', async () => {
  const content = bytes(12 * megabyte + 3)
  const opened = await open(await seal(content, 5 * megabyte))
  expect(opened.equals(content)).toBe(true)
})

test('a flipped bit in any frame is refused, even where the digest of the file was made to fit', async () => {
  const part = await seal(bytes(6 * megabyte))
  const stored = readFileSync(file)
  for (const at of frames(stored)) {
    const broken = Buffer.from(stored)
    // well within the frame's content
    broken.writeUInt8(broken.readUInt8(at + 500) ^ 4, at + 500)
    writeFileSync(file, broken)
    await expect(verifyPart(store(), path, part)).rejects.toThrow(
      /the SHA-256 of backup\/part is not the one/,
    )
    const sha256 = createHash('sha256').update(broken).digest('hex')
    await expect(open({ ...part, sha256 })).rejects.toThrow()
  }
})

test('a frame that is missing at the end is refused, even where the digest of the file was made to fit', async () => {
  const part = await seal(bytes(4 * megabyte))
  const stored = readFileSync(file)
  const cut = stored.subarray(0, frames(stored).at(-1))
  writeFileSync(file, cut)
  const sha256 = createHash('sha256').update(cut).digest('hex')
  await expect(open({ ...part, sha256 })).rejects.toThrow(
    /has 3145728 bytes when it is opened and not 4194304/,
  )
})

test('a part that is one long frame, as they were made before, is read', async () => {
  const content = bytes(5 * megabyte)
  const params = { [zlib.ZSTD_c_checksumFlag]: 1, [zlib.ZSTD_c_compressionLevel]: 1 }
  const stored = await buffer(Readable.from([content]).pipe(createZstdCompress({ params })))
  await mkdir(join(folder, 'backup'))
  writeFileSync(file, stored)
  const sha256 = createHash('sha256').update(stored).digest('hex')
  const part = { name: 'part', size: stored.length, sha256, plainSize: content.length }
  await verifyPart(store(), path, part)
  expect((await open(part)).equals(content)).toBe(true)
})

test('what fails while it is read leaves nothing in the store', async () => {
  const broken = function* () {
    for (let sent = 0; sent < 5; sent += 1) yield bytes(megabyte)
    throw new Error('the dump ended with code 1')
  }
  const content = Readable.from(broken(), { objectMode: false })
  const part = {
    store: store(),
    path,
    name: 'part',
    content,
    compression: 'zstd' as const,
    recipient: undefined,
    signal: undefined,
  }
  await expect(sealPart(part)).rejects.toThrow('the dump ended with code 1')
  expect(await store().list()).toEqual([])
})
