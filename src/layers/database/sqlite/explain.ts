import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { ConflictError, isUserFacing, RefusedError } from '../../../errors.ts'

const sqliteErrorSchema = z.object({ errcode: z.number(), message: z.string() })

/** https://sqlite.org/rescode.html */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  failedDisk: 10,
  damaged: 11,
  full: 13,
  cannotOpen: 14,
  forbidden: 23,
  notDatabase: 26,
} as const

/** SQLite's primary code of an error; undefined for an error of another kind. */
function errorCode(error: unknown): number | undefined {
  const { data } = sqliteErrorSchema.safeParse(error)
  return data === undefined ? undefined : data.errcode & 0xff
}

/** A lock met by a backup's first step is reported as "not an error", with code 0. */
export function isBusy(error: unknown): boolean {
  const code = errorCode(error)
  return code === 0 || code === codes.busy || code === codes.locked
}

/** The process may not write to the file. */
export function isForbiddenWrite(error: unknown): boolean {
  return errorCode(error) === codes.readOnly
}

/** The disk is full, or it fails. */
export function isDiskFailure(error: unknown): boolean {
  const code = errorCode(error)
  return code === codes.failedDisk || code === codes.full
}

const undefinedHere =
  /no such (?:collation sequence|module|function|tokenizer)|unknown (?:function|tokenizer)/

/** The schema uses what only the application that owns the database defines: a collation, a function, a module. */
export function isUndefinedHere(error: unknown): boolean {
  return undefinedHere.test(messageOf(error))
}

/** Two tables are declared as child and parent, and the parent has no such key. */
export function isKeyMismatch(error: unknown): boolean {
  return messageOf(error).startsWith('foreign key mismatch')
}

function messageOf(error: unknown): string {
  return sqliteErrorSchema.safeParse(error).data?.message ?? ''
}

/**
 * What SQLite ran into, in words that name the file and what to do; an error of another kind as it is.
 * @param patienceMs how long a lock was waited for
 */
export async function explainSqlite(error: unknown, path: string, patienceMs: number): Promise<unknown> {
  const code = errorCode(error)
  if (code === undefined || isUserFacing(error)) return error
  const said = messageOf(error)
  if (isBusy(error))
    return new ConflictError(`${path} stayed locked for ${patienceMs} ms: another process holds it`)
  switch (code) {
    case codes.notDatabase:
      return new RefusedError(
        `${path} is not a SQLite database, or it is encrypted: SQLite says "${said}"; encrypted databases (SQLCipher, SEE) are not supported`,
      )
    case codes.cannotOpen:
      return new RefusedError(
        (await stat(path).catch(() => undefined))?.isDirectory()
          ? `${path} is a folder; write the path of the database file`
          : `${path} cannot be opened: SQLite says "${said}"; check the path, and that this user may read and write the file and its folder`,
      )
    case codes.damaged:
      return new RefusedError(`${path} is damaged: SQLite says "${said}"`)
    case codes.readOnly:
    case codes.forbidden:
      return new RefusedError(
        `${path} cannot be written to: SQLite says "${said}"; the file and its folder must be writable for this user`,
      )
    case codes.failedDisk:
    case codes.full:
      return new RefusedError(`${path} cannot be written to: SQLite says "${said}"`)
    default:
      return isUndefinedHere(error)
        ? new RefusedError(
            `${path} uses what only its application defines: SQLite says "${said}"; remove it from keys of tables WITHOUT ROWID, or back up with the application's own tool`,
          )
        : error
  }
}
