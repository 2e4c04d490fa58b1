import { Readable } from 'node:stream'
import { Decrypter, Encrypter } from 'age-encryption'
import { InputError, RefusedError } from '../../errors.ts'

/** Encrypts to an age recipient. @throws InputError without naming the input */
export async function encrypt(content: Readable, recipient: string): Promise<Readable> {
  const encrypter = new Encrypter()
  try {
    encrypter.addRecipient(recipient)
  } catch {
    throw new InputError('the recipient is not one of age; write the line that starts with `age1`')
  }
  return Readable.fromWeb(await encrypter.encrypt(Readable.toWeb(content)))
}

/** @throws InputError for a malformed key, RefusedError for a wrong one */
export async function decrypt(content: Readable, identity: string): Promise<Readable> {
  const decrypter = new Decrypter()
  try {
    for (const line of identity.split('\n').map((each) => each.trim()))
      if (line !== '' && !line.startsWith('#')) decrypter.addIdentity(line)
  } catch {
    throw new InputError('the identity is not one of age; give the line that starts with `AGE-SECRET-KEY-`')
  }
  try {
    return Readable.fromWeb(await decrypter.decrypt(Readable.toWeb(content)))
  } catch (error) {
    throw new RefusedError(
      `the backup cannot be decrypted: ${error instanceof Error ? error.message : error}; give the identity that its recipient belongs to`,
    )
  }
}
