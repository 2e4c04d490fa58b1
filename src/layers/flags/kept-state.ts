import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/**
 * The states of flags in a receipt, which the history keeps in public: it takes what looks like a secret out of them. Such a state is kept
 * sealed, too, by a key that is made of the token of the service: who has that can read the flags anyway.
 */
export interface StateSeal {
  /** @returns undefined where there is no token to seal with */
  readonly seal: (state: string) => string | undefined
  /** @returns undefined when it was sealed with another token */
  readonly open: (sealed: string) => string | undefined
}

const [algorithm, saltBytes, ivBytes, tagBytes] = ['aes-256-gcm', 16, 12, 16] as const

/** @param token a secret of at least 16 characters; a shorter one could be guessed */
export function sealWith(token: string | undefined): StateSeal {
  if (token === undefined || token.length < 16) return { seal: () => undefined, open: () => undefined }
  const keyOf = (salt: Buffer) =>
    Buffer.from(hkdfSync('sha256', token, salt, 'rollback: state of a flag', 32))
  return {
    seal: (state) => {
      const [salt, iv] = [randomBytes(saltBytes), randomBytes(ivBytes)]
      const cipher = createCipheriv(algorithm, keyOf(salt), iv)
      const sealed = Buffer.concat([cipher.update(state, 'utf8'), cipher.final()])
      return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open: (text) => {
      const bytes = Buffer.from(text, 'base64url')
      const [salt, rest] = [bytes.subarray(0, saltBytes), bytes.subarray(saltBytes)]
      const [iv, tag] = [rest.subarray(0, ivBytes), rest.subarray(ivBytes, ivBytes + tagBytes)]
      try {
        const decipher = createDecipheriv(algorithm, keyOf(salt), iv)
        decipher.setAuthTag(tag)
        return Buffer.concat([decipher.update(rest.subarray(ivBytes + tagBytes)), decipher.final()]).toString(
          'utf8',
        )
      } catch {
        return undefined
      }
    },
  }
}
