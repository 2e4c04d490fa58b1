import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Event } from '../../history/event.ts'
import { eventsFolder, type HistoryContent, isEventFileSince, parseLine } from '../../history/history.ts'

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
    const lines = createInterface({
      input: createReadStream(join(folder, path)),
      crlfDelay: Number.POSITIVE_INFINITY,
    })
    let number = 0
    for await (const text of lines) {
      number += 1
      const line = number === 1 ? text.replace(/^\ufeff/, '') : text
      if (line.trim() === '') continue
      const parsed = parseLine(line)
      if (typeof parsed === 'string') unreadable.push({ file: path, line: number, why: parsed })
      else take(parsed.event)
    }
  }
  return unreadable
}
