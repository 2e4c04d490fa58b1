import { InputError, message, setting } from '../../errors.ts'
import { listBackups } from './catalog.ts'
import type { Engine } from './engine.ts'
import { loadAge } from './seal.ts'
import type { Store } from './store/store.ts'

interface SafetyCopyOptions {
  readonly engine: Pick<Engine, 'database' | 'source'>
  readonly store: Store
  readonly environment: string
  /** `age1…` */
  readonly recipient: string | undefined
  /** `AGE-SECRET-KEY-1…`, what opens encrypted backups */
  readonly identity: string | undefined
}

/** How the backup is stored that is made before migrations are undone. */
export interface SafetyCopy {
  /** public keys of age, one a line; undefined for a backup in the clear */
  readonly recipient: string | undefined
  /** the step of a plan that makes it */
  readonly step: string
  readonly warnings: readonly string[]
}

/**
 * Decides how the backup from before an undoing is stored: encrypted to the recipient, else to that of the identity. The
 * recipient of another backup is not taken: who can write to the storage could have put it there.
 * @throws InputError for keys that are none of age, and without a key where the last backup is encrypted
 */
export async function planSafetyCopy(options: SafetyCopyOptions): Promise<SafetyCopy> {
  const { engine, store, environment, recipient, identity } = options
  const step = `back up ${engine.database} as it is now`
  const to = await readRecipient(options)
  if (to === undefined) {
    const [last] = await listBackups(store, { source: engine.source, environment })
    if (last?.encrypted)
      throw new InputError(
        message`${setting('database.recipient')} is not set, and backup ${last.name} is encrypted: the backup made before migrations are undone would not be; write the public key that starts with age1`,
      )
    return { recipient: to, step: `${step}, not encrypted: no recipient is set`, warnings: [] }
  }
  return {
    recipient: to,
    step: `${step}, encrypted to ${recipient === undefined ? 'the recipient of the identity' : shorten(recipient)}`,
    warnings: (await opens(identity, to))
      ? []
      : [
          'the backup made before migrations are undone is encrypted, and this job has no identity that opens it: it cannot undo this rollback',
        ],
  }
}

async function readRecipient({
  recipient,
  identity,
}: Pick<SafetyCopyOptions, 'recipient' | 'identity'>): Promise<string | undefined> {
  if (recipient !== undefined) (await loadAge()).checkRecipient(recipient)
  return recipient ?? (identity && (await loadAge()).recipientOf(identity))
}

async function opens(identity: string | undefined, recipient: string): Promise<boolean> {
  if (identity === undefined) return false
  const own = (await (await loadAge()).recipientOf(identity)).split('\n')
  return recipient.split('\n').some((each) => own.includes(each.trim()))
}

/** Enough to see whose it is. */
function shorten(recipient: string): string {
  return recipient.length <= 16 ? recipient : `${recipient.slice(0, 12)}…`
}
