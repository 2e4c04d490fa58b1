import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const kept = fileURLToPath(new URL('../../.cache/prepared', import.meta.url))

/**
 * Makes a folder as it was made before: the first time it is made, and a copy is kept; later the copy is copied, which takes a
 * tenth of the work of setting up a server's data. Nothing has run in what is kept but what makes it.
 * @param madeBy all that it depends on: the program with its version, its parameters
 */
export function prepareFolder(folder: string, madeBy: readonly string[], make: () => void): void {
  const keep = copyPrepared(folder, madeBy)
  if (keep === undefined) return
  make()
  keep()
}

/** As `prepareFolder`. @returns undefined when it was copied; else, what keeps a copy of the folder once it is made */
export function copyPrepared(folder: string, madeBy: readonly string[]): (() => void) | undefined {
  const copy = join(kept, createHash('sha256').update(JSON.stringify(madeBy)).digest('hex').slice(0, 16))
  if (existsSync(copy)) {
    execFileSync('cp', ['-a', copy, folder])
    return
  }
  return () => {
    mkdirSync(kept, { recursive: true })
    const draft = `${copy}-${randomUUID()}`
    execFileSync('cp', ['-a', folder, draft])
    try {
      renameSync(draft, copy)
    } catch {
      // another one kept it meanwhile
      execFileSync('rm', ['-rf', draft])
    }
  }
}
