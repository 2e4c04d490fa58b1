/** Refs and objects as files of their own, as git itself keeps the new ones: no process is needed for them. */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'

/**
 * Moves a ref that is a file of its own, by git's own lock of it, so that a push at the same time is kept out.
 * @returns undefined where git itself has to look: when refs are packed, when the lock is taken, when the name cannot be a file
 */
export async function moveLooseRef(
  gitDir: string,
  name: string,
  { from, to }: { from: string; to: string },
): Promise<boolean | undefined> {
  const path = join(gitDir, name)
  const lock = `${path}.lock`
  if (existsSync(join(gitDir, 'packed-refs'))) return undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(lock, `${to}\n`, { flag: 'wx' })
  } catch {
    return undefined
  }
  const unlock = () => rm(lock, { force: true })
  try {
    const current = await readFile(path, 'utf8').catch(() => '')
    if (current.trim() !== from) {
      await unlock()
      return false
    }
    // the lock is gone with it: one that is there afterwards is somebody else's
    await rename(lock, path)
    return true
  } catch {
    await unlock()
    return undefined
  }
}

/** Stores an object, whole or not at all. @returns its id */
export async function writeObject(gitDir: string, type: string, content: Buffer): Promise<string> {
  const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])
  const sha = createHash('sha1').update(bytes).digest('hex')
  const folder = join(gitDir, 'objects', sha.slice(0, 2))
  const path = join(folder, sha.slice(2))
  if (existsSync(path)) return sha
  await mkdir(folder, { recursive: true })
  const partial = join(folder, `tmp_obj_${randomUUID()}`)
  await writeFile(partial, deflateSync(bytes))
  await rename(partial, path)
  return sha
}
