import { type Entry, readEnvEntries, readPropertyEntries } from './formats/lines.ts'
import type { Splice } from './splice.ts'

/** One setting of a file that has one a line, with the lines it takes up in the other file. */
export function spliceEntries(
  { file, current, target, path }: Parameters<Splice>[0],
  format: 'env' | 'properties',
): string | undefined {
  const [key] = path
  if (path.length !== 1 || typeof key !== 'string') return undefined
  const read = format === 'env' ? readEnvEntries : readPropertyEntries
  const named = (entries: readonly Entry[]) => entries.find((entry) => entry.key === key)
  const entries = read(file, current)
  const there = named(entries)
  const goodEntries = read(file, target)
  const good = named(goodEntries)
  if (good === undefined) return there && current.slice(0, there.start) + current.slice(there.end)
  const ending = current.includes('\r\n') ? '\r\n' : '\n'
  const lines = target.slice(good.start, good.end).replace(/\r?\n$/, '')
  if (there !== undefined) {
    const end = /\r?\n$/.exec(current.slice(there.start, there.end))?.[0] ?? ''
    return current.slice(0, there.start) + lines + end + current.slice(there.end)
  }
  // behind the nearest setting that precedes it in the target, and is still there
  const before = goodEntries.slice(0, goodEntries.indexOf(good)).map((entry) => entry.key)
  const neighbour = entries.filter((entry) => before.includes(entry.key)).at(-1)
  const at = neighbour?.end ?? 0
  const head = current.slice(0, at)
  const gap = head !== '' && !head.endsWith('\n') ? ending : ''
  return `${head}${gap}${lines}${ending}${current.slice(at)}`
}
