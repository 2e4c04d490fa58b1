import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { RefusedError } from '../../../errors.ts'
import { explainWrite } from '../../../text/system-error.ts'
import { writeFileFrom } from '../write-file.ts'
import type { Store } from './store.ts'

/** Backups in a folder of this machine. @param root made when it is not there */
export function openFolderStore(root: string): Store {
  return {
    place: root,

    async list() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(emptyIfMissing)
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort()
    },

    async read(path) {
      const file = join(root, path)
      if ((await stat(file).catch(() => undefined)) === undefined)
        throw new RefusedError(`${path} is not in ${root}`)
      return createReadStream(file, { highWaterMark: 1 << 18 })
    },

    async write(path, content) {
      const file = join(root, path)
      const partial = `${file}.${randomBytes(4).toString('hex')}.partial`
      try {
        await mkdir(dirname(file), { recursive: true })
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
