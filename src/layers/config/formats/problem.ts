import { InputError } from '../../../errors.ts'

/** Where a file is wrong: lines and columns count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The place of an offset in a text. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

/** An error of a file that does not say what its format asks for. */
export function malformed(file: string, { line, column }: Place, what: string): InputError {
  return new InputError(`${file}:${line}:${column} ${what}`)
}

/** A key that stands twice: most parsers keep the last one silently, and which one counts is a guess. */
export function duplicate(file: string, key: string, first: Place, second: Place): InputError {
  return malformed(
    file,
    second,
    `sets ${JSON.stringify(key)} again, which line ${first.line} sets already; keep one of them`,
  )
}

/** Bigger documents, or ones that aliases make bigger, are not compared. */
const mostNodes = 1_000_000

/** A document that is too big to be compared. */
export class TooBigError extends InputError {}

/** @throws TooBigError when a document has more nodes than `mostNodes` */
export function countNodes(file: string): () => void {
  let count = 0
  return () => {
    count++
    if (count > mostNodes)
      throw new TooBigError(
        `${file} holds more than ${mostNodes} values, which its aliases may make of few; it can be backed up and restored, but not compared or checked`,
      )
  }
}
