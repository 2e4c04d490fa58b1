import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pRetry from 'p-retry'
import { UnavailableError } from '../errors.ts'
import { appendLine, type History, isMonthFileSince, joinContents, monthFile, parseLines } from './history.ts'

/** A history in a folder, laid out as on the branch: for local use, and for looking at a clone of the branch. */
export function openFileHistory({ directory }: { directory: string }): History {
  return {
    async read({ since } = {}) {
      const paths = (await listFiles(directory)).filter((path) => isMonthFileSince(path, since)).sort()
      const contents = await Promise.all(
        paths.map(async (file) => parseLines({ file, text: await readFile(join(directory, file), 'utf8') })),
      )
      return joinContents(contents, since)
    },
    async append(event) {
      const path = join(directory, monthFile(new Date(event.at)))
      await mkdir(dirname(path), { recursive: true })
      return withLock(`${path}.lock`, async () => {
        const before = await readFile(path, 'utf8').catch(emptyWhenMissing)
        const after = appendLine(before, event)
        if (after === before) return 'already-there'
        // a reader, or a kill at this instant, sees the file before or after and never half a line
        await writeFile(`${path}.new`, after, { flush: true })
        await rename(`${path}.new`, path)
        return 'appended'
      })
    },
  }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  return names.map((name) => name.replaceAll('\\', '/'))
}

/** One writer at a time across processes: whoever creates the lock file holds it. A lock whose process is gone is taken over. */
async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const handle = await pRetry(() => takeLock(path), {
    retries: 20,
    minTimeout: 10,
    maxTimeout: 250,
    factor: 2,
    randomize: true,
  }).catch(() => {
    throw new UnavailableError(
      `the history is locked by another process (${path}); delete that file if no other is running`,
    )
  })
  try {
    return await work()
  } finally {
    await handle.close()
    await rm(path, { force: true })
  }
}

async function takeLock(path: string) {
  try {
    const handle = await open(path, 'wx')
    await handle.writeFile(String(process.pid))
    return handle
  } catch (error) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''))
    if (Number.isInteger(holder) && holder > 0 && !isRunning(holder)) await rm(path, { force: true })
    throw error
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function emptyWhenMissing(error: unknown): string {
  if (isMissing(error)) return ''
  throw error
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
