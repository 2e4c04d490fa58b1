import { InputError, message, readSetting, setting } from '../../errors.ts'
import { type Connection, parseConnection } from './connection.ts'
import type { BackupEngine } from './engine.ts'
import type { ProofServer } from './prove.ts'

/** Where a backup is restored once, to verify it. */
export type ProofPlace = 'beside' | 'local' | Connection

/**
 * Reads where a backup is restored to verify it.
 * @param address '' for beside the database, `local`, or the address of another server
 * @throws InputError for an address that is none, and for one where nothing is restored
 */
export function readProofPlace(address: string, verify: 'restore' | 'checksums'): ProofPlace {
  if (address === '') return 'beside'
  if (verify !== 'restore')
    throw new InputError(
      message`${setting('verify-on')} is set and ${setting('verify')} is ${verify}; write verify: restore, or leave verify-on out`,
    )
  return address === 'local' ? 'local' : readSetting('verify-on', () => parseConnection(address))
}

/** @returns undefined for beside the database @throws InputError for an engine that restores on no server */
export async function openProofServer(
  { database, elsewhere }: Pick<BackupEngine, 'database' | 'elsewhere'>,
  place: ProofPlace,
): Promise<ProofServer | undefined> {
  if (place === 'beside') return undefined
  if (elsewhere === undefined)
    throw new InputError(
      message`${setting('verify-on')} is set, and a backup of ${database} is restored on no server; leave it out`,
    )
  return { on: place === 'local' ? 'local-server' : 'other-server', server: await elsewhere(place) }
}
