import { Readable } from 'node:stream'
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
import { InputError, message, RefusedError, setting } from '../../errors.ts'

/** Encrypts to age recipients, one a line. @throws InputError for what is none */
export async function encrypt(content: Readable, recipient: string): Promise<Readable> {
  return Readable.fromWeb(await encrypterTo(recipient).encrypt(Readable.toWeb(content)))
}

/** @throws InputError for what is no recipient of age */
export function checkRecipient(recipient: string): void {
  encrypterTo(recipient)
}

function encrypterTo(recipient: string): Encrypter {
  const encrypter = new Encrypter()
  try {
    const lines = linesOf(recipient)
    if (lines.length === 0) throw new TypeError('no recipient is set')
    for (const line of lines) encrypter.addRecipient(line)
  } catch {
    throw new InputError(
      message`${setting('database.recipient')} is not a public key of age; write the line that starts with age1`,
    )
  }
  return encrypter
}

/** The recipients of identities, one a line. @throws InputError for what is no identity of age */
export async function recipientOf(identity: string): Promise<string> {
  try {
    return (await Promise.all(linesOf(identity).map((line) => identityToRecipient(line)))).join('\n')
  } catch {
    throw malformedIdentity()
  }
}

/** @throws InputError for a malformed key, RefusedError for a wrong one */
export async function decrypt(content: Readable, identity: string): Promise<Readable> {
  const decrypter = new Decrypter()
  try {
    for (const line of linesOf(identity)) decrypter.addIdentity(line)
  } catch {
    throw malformedIdentity()
  }
  try {
    return Readable.fromWeb(await decrypter.decrypt(Readable.toWeb(content)))
  } catch (error) {
    throw new RefusedError(
      `the backup cannot be decrypted: ${error instanceof Error ? error.message : error}; give the identity that its recipient belongs to`,
    )
  }
}

/** Of a file of keys, which may have comments. */
function linesOf(keys: string): readonly string[] {
  return keys
    .split('\n')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.startsWith('#'))
}

function malformedIdentity(): InputError {
  return new InputError(
    message`${setting('database.identity')} is not an identity of age; write the line that starts with AGE-SECRET-KEY-`,
  )
}
