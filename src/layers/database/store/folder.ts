import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RefusedError } from '../../../errors.ts'
import { explainWrite } from '../../../text/system-error.ts'
import { readChunks } from '../read-file.ts'
import { writeFileFrom } from '../write-file.ts'
import type { Store } from './store.ts'

/** Backups in a folder of this machine, which only their owner may read. @param root made when it is not there */
export function openFolderStore(root: string): Store {
  return {
    place: root,

    async list() {
      // a backup is a folder of files: a folder that holds other things, or has no end, is not searched
      const read = (path: string) => readdir(path, { withFileTypes: true }).catch(emptyIfMissing)
      const paths: string[] = []
      for (const entry of await read(root)) {
        if (entry.isFile()) paths.push(entry.name)
        if (!entry.isDirectory()) continue
        const files = await read(join(root, entry.name))
        paths.push(...files.filter((file) => file.isFile()).map((file) => `${entry.name}/${file.name}`))
      }
      return paths.sort()
    },

    async read(path) {
      const file = join(root, path)
      if ((await stat(file).catch(() => undefined)) === undefined)
        throw new RefusedError(`${path} is not in ${root}`)
      return readChunks(file)
    },

    async write(path, content) {
      const file = join(root, path)
      const partial = `${file}.${randomBytes(4).toString('hex')}.partial`
      try {
        await makeFolder(dirname(file))
        await writeFileFrom(content, partial, { durable: true })
        await rename(partial, file)
        await syncFolder(dirname(file))
      } catch (error) {
        await rm(partial, { force: true }).catch(() => {})
        await rmdir(dirname(file)).catch(() => {})
        throw explainWrite(error, root)
      }
    },

    async remove(path) {
      await rm(join(root, path), { force: true })
      // the folder goes with its last file
      await rmdir(join(root, dirname(path))).catch(() => {})
    },
  }
}

/** Step by step: what makes folders recursively never ends below /proc, where one that is missing cannot be made. */
async function makeFolder(path: string): Promise<void> {
  const exists = async (each: string) => (await stat(each).catch(() => undefined)) !== undefined
  if (await exists(path)) return
  if (!(await exists(dirname(path)))) await makeFolder(dirname(path))
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // another process made it meanwhile
    if (error.code !== 'EEXIST') throw error
  })
}

/** A rename is safe from a power cut once its folder is on the disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function emptyIfMissing(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return []
  throw error
}
