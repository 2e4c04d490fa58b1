import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Event } from '../../history/event.ts'
import { eventsFolder, type HistoryContent, isEventFileSince, parseLine } from '../../history/history.ts'
import { readLines } from './read-lines.ts'

/**
 * Reads a history from a clone of its branch, a line at a time, oldest month first, so that the memory it takes does not grow with the
 * history: for one that is too large to be read through the API.
 * @param folder of the clone
 * @param take is given each event; the same one may come twice
 * @returns the lines that are no event
 * @throws Error of the file system when the folder cannot be read
 */
export async function readEventFiles(
  folder: string,
  take: (event: Event) => void,
): Promise<HistoryContent['unreadable']> {
  const names = await readdir(join(folder, eventsFolder), { recursive: true })
  const paths = names.map((name) => `${eventsFolder}/${name.replaceAll('\\', '/')}`).sort()
  const unreadable: HistoryContent['unreadable'][number][] = []
  for (const path of paths) {
    if (!isEventFileSince(path, undefined)) continue
    await readLines(join(folder, path), (text, line) => {
      // without the mark that some editors put in front
      const own = line === 1 ? text?.replace(/^\ufeff/, '') : text
      if (own?.trim() === '') return
      const parsed = own === undefined ? 'longer than 16 MB' : parseLine(own)
      if (typeof parsed === 'string') unreadable.push({ file: path, line, why: parsed })
      else take(parsed.event)
    })
  }
  return unreadable
}
