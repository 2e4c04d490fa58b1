import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
    /**
     * No lock: a line is added to the end of the file in one write, which the system keeps whole among several
     * writers; of the same event added by two of them at once, reading takes the first.
     */
    async append(event) {
      const path = join(directory, monthFile(new Date(event.at)))
      await mkdir(dirname(path), { recursive: true })
      const before = await readFile(path, 'utf8').catch(otherwise(''))
      const after = appendLine(before, event)
      if (after === before) return 'already-there'
      await appendFile(path, after.slice(before.length), { flush: true })
      return 'appended'
    },
  }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true }).catch(otherwise<string[]>([]))
  return names.map((name) => name.replaceAll('\\', '/'))
}

/** Takes a value in place of what is not there. */
function otherwise<T>(fallback: T): (error: unknown) => T {
  return (error) => {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT')
      return fallback
    throw error
  }
}
