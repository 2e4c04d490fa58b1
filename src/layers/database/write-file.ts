import { type FileHandle, open } from 'node:fs/promises'
import { explainWrite } from '../../text/system-error.ts'

/**
 * Writes a new file that only its owner may read, to the disk itself when `durable`.
 * @throws RefusedError that names the file when the system takes it not, e.g. because the disk is full
 */
export async function writeFileFrom(
  content: AsyncIterable<Buffer>,
  path: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await writeChunks(content, file)
      if (durable) await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw explainWrite(error, path)
  }
}

/** Writes chunks to an open file, each while the next is made: one has to be good until the one after the next is asked for. */
export async function writeChunks(content: AsyncIterable<Buffer>, file: FileHandle): Promise<void> {
  let written: Promise<void> = Promise.resolve()
  try {
    for await (const chunk of content) {
      await written
      written = file.appendFile(chunk)
      // it is waited for before the next
      written.catch(() => {})
    }
  } finally {
    await written.catch(() => {})
  }
  await written
}
