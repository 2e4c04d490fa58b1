import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'

/** What a statement is longer than its longest line: the tool writes a row a line, after one with INSERT and the table. */
const besideRow = 300

/** How long a statement the server takes from sessions that begin now, bytes. */
export async function readLimit(session: Session): Promise<number> {
  const [row] = await session.query('SELECT @@global.max_allowed_packet AS size')
  return Number(row?.['size'])
}

/**
 * Passes a dump on, and fails at its end when a row is longer as a statement than the server takes: some bytes take two there,
 * so that it could be stored, and could not be restored.
 * @param limit what `readLimit` says
 * @throws RefusedError that says what to set
 */
export async function* refuseLongRows(
  dump: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<Buffer, undefined> {
  let [longest, current] = [0, 0]
  for await (const piece of dump) {
    // lines within one piece are shorter than any limit
    const first = piece.indexOf(10)
    longest = Math.max(longest, current + (first === -1 ? piece.length : first))
    current = first === -1 ? current + piece.length : piece.length - piece.lastIndexOf(10) - 1
    yield piece
  }
  if (longest + besideRow > limit)
    throw new RefusedError(
      `a row is ${longest} bytes long as a statement, and the server takes ${limit}: it could not be restored, so the backup is refused; SET GLOBAL max_allowed_packet to more, up to 1G`,
    )
}

/**
 * Tells what the server ran into when it did not take a dump: the length of a statement, or its disk, for which it has many names.
 * @throws RefusedError with the tool's words and what to do, or the error as it is
 */
export async function explainLoad(session: Session, error: unknown): Promise<never> {
  if (!(error instanceof RefusedError)) throw error
  const { message } = error
  if (/is full|Temp file write failure|errno: 28|during COMMIT/i.test(message))
    throw new RefusedError(`${message}; it seems that the server has no space left on its disk`)
  if (!/max_allowed_packet|gone away/i.test(message)) throw error
  throw new RefusedError(
    `${message}; the server takes statements of ${await readLimit(session)} bytes, and one of the backup may be longer: set its max_allowed_packet to 1G for the restore`,
  )
}
