import type { StoredFile } from '../github/contents.ts'
import { count } from '../text/count.ts'
import { joinLines, mergedFile, parseLines } from './history.ts'

/** So many small files make one: a history is read in one request, and that has its limits. A file of these is 50 kB. */
const mergedAtOnce = 100
/** A job that is still running may be about to append one of these events, and has to find its file. */
const settledMs = 24 * 60 * 60_000

/** A commit that puts the events of many small files into one. */
export interface Compaction {
  readonly message: string
  readonly additions: readonly { readonly path: string; readonly text: string }[]
  readonly deletions: readonly string[]
}

/**
 * Merges the oldest small files of a month, a hundred at a time, so that the cost of it does not grow with what is there. A file
 * that has a line which cannot be read stays as it is.
 * @returns undefined while there is too little to merge
 */
export function planCompaction(files: ReadonlyMap<string, StoredFile>, now: Date): Compaction | undefined {
  const small = [...files].flatMap(([path, { text }]) => {
    const [, folder] = /^(v1\/events\/\d{4}\/\d{4}-\d{2})\/[0-9a-f]{24}\.jsonl$/.exec(path) ?? []
    const content = parseLines({ file: path, text })
    const at = Math.max(...content.lines.map(({ event }) => Date.parse(event.at)))
    const isSettled = now.getTime() - at > settledMs
    return folder !== undefined && content.unreadable.length === 0 && isSettled
      ? [{ path, folder, content, at }]
      : []
  })
  const byFolder = Map.groupBy(small, ({ folder }) => folder)
  const [folder, own] = [...byFolder].find(([, each]) => each.length >= mergedAtOnce) ?? []
  if (folder === undefined || own === undefined) return undefined
  const oldest = own.toSorted((a, b) => a.at - b.at).slice(0, mergedAtOnce)
  const lines = joinLines(oldest.map(({ content }) => content))
  const text = lines.map((line) => `${line.text}\n`).join('')
  return {
    message: `merge ${count(oldest.length, 'file')} of ${folder}`,
    additions: [{ path: mergedFile(folder, text), text }],
    deletions: oldest.map(({ path }) => path),
  }
}
