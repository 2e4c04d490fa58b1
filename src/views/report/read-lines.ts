import { open } from 'node:fs/promises'

const chunkBytes = 1 << 20
/** No event is nearly so long. What is longer is not kept: a file may be one endless line. */
const longestBytes = 16 << 20

/**
 * Reads the lines of a file in chunks, so that the memory does not grow with the file. Only a line feed ends a line: JSON may have
 * other line separators of Unicode within a text.
 * @param take is given each line without its end, and its number, counted from 1; undefined for a line of more than 16 MB
 */
export async function readLines(
  path: string,
  take: (line: string | undefined, number: number) => void,
): Promise<void> {
  const file = await open(path)
  try {
    let buffer = Buffer.allocUnsafe(chunkBytes)
    let [held, number, isTooLong] = [0, 0, false]
    const end = (line: string) => {
      number += 1
      take(isTooLong ? undefined : line, number)
      isTooLong = false
    }
    for (;;) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held)
      if (bytesRead === 0) break
      const filled = held + bytesRead
      let from = 0
      for (let at = buffer.indexOf(10, held); at !== -1 && at < filled; at = buffer.indexOf(10, from)) {
        end(buffer.toString('utf8', from, at))
        from = at + 1
      }
      held = filled - from
      if (held < buffer.length) buffer.copyWithin(0, from, filled)
      else if (buffer.length < longestBytes) buffer = Buffer.concat([buffer], buffer.length * 2)
      else {
        isTooLong = true
        held = 0
      }
    }
    if (held > 0 || isTooLong) end(buffer.toString('utf8', 0, held))
  } finally {
    await file.close()
  }
}
