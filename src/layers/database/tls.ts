import { readFile } from 'node:fs/promises'
import { InputError, message, setting } from '../../errors.ts'
import type { ServerConnection } from './connection.ts'

/** The certificates to trust, where the address names a file of them. @throws InputError when it cannot be read */
export async function readCertificates({ ca }: ServerConnection): Promise<{ readonly ca?: string }> {
  if (ca === undefined) return {}
  try {
    return { ca: await readFile(ca, 'utf8') }
  } catch {
    throw new InputError(
      message`${setting('database.url')} names the certificates ${ca}, and that file cannot be read`,
    )
  }
}
