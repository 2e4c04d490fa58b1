import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { codeOf, explainWrite } from '../../../text/system-error.ts'
import { databaseFiles, openDatabase } from './file.ts'

interface LockedCopy {
  readonly live: string
  /** of the live database: to close another handle would give up the locks that this process has on it */
  readonly fd: number
  /** the copy that there is */
  readonly copy: string
  /** where a new one is made */
  readonly scratch: string
  readonly kept: string
  /** the copy holds what the live database does */
  readonly isSame: boolean
}

/**
 * Keeps a copy of the live database, with its owner, while this process holds the write lock: nothing else may run before it is
 * there, so all of it is synchronous.
 * @returns where it is: `kept`
 * @throws RefusedError when it cannot be written
 */
export function copyLocked({ live, fd, copy, scratch, kept, isSame }: LockedCopy): string {
  try {
    if (!isSame) {
      for (const file of [...databaseFiles(copy), ...databaseFiles(scratch)]) rmSync(file, { force: true })
      copyBytes(fd, scratch)
      // a transaction that is not committed is in the log too, without the mark of a commit, and is passed over
      if (existsSync(`${live}-wal`)) copyFileSync(`${live}-wal`, `${scratch}-wal`)
      takeOwner(live, scratch)
      bringInLog(scratch)
    } else takeOwner(live, copy)
    renameSync(isSame ? copy : scratch, kept)
    return kept
  } catch (error) {
    throw explainWrite(error, kept)
  }
}

/** Gives a file that is made beside the live one to the live one's owner: the job may run as another user. */
export function takeOwner(live: string, file: string): void {
  const owner = statSync(live, { throwIfNoEntry: false })
  if (owner === undefined) return
  chmodSync(file, owner.mode & 0o777)
  try {
    chownSync(file, owner.uid, owner.gid)
  } catch (error) {
    // only root may give a file away: of a user's own, it is already
    if (codeOf(error) !== 'EPERM') throw error
  }
}

function copyBytes(fd: number, to: string): void {
  const buffer = Buffer.allocUnsafe(1 << 20)
  const copy = openSync(to, 'wx', 0o600)
  try {
    for (let at = 0; ; ) {
      const length = readSync(fd, buffer, 0, buffer.length, at)
      if (length === 0) break
      for (let done = 0; done < length; ) done += writeSync(copy, buffer, done, length - done, at + done)
      at += length
    }
    fsyncSync(copy)
  } finally {
    closeSync(copy)
  }
}

/** What is in the log of a copy goes into its file, and onto the disk. */
function bringInLog(path: string): void {
  const database = openDatabase(path)
  try {
    database.exec('PRAGMA synchronous = full; PRAGMA journal_mode = delete')
  } finally {
    database.close()
  }
}
