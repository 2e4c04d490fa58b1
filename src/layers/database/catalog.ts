import { text } from 'node:stream/consumers'
import { isUserFacing, message, RefusedError, readSetting, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { isFromFuture, type Manifest, parseBackupName, readManifest } from './manifest.ts'
import { verifyPart } from './seal.ts'
import { manifestFile, type Store } from './store/store.ts'
import { describeVerification, isFailed } from './verification.ts'

/** All backups of a store, newest first, and the folders that are none: cut short, or damaged. */
export interface Catalog {
  readonly backups: readonly Manifest[]
  readonly broken: readonly { readonly name: string; readonly why: string }[]
}

/** Lists by the store's own content, never by what this process remembers. */
export async function readCatalog(store: Store): Promise<Catalog> {
  const names = [...new Set((await store.list()).map((path) => path.split('/')[0] ?? ''))]
  const entries = await Promise.all(
    names.map(async (name) => {
      try {
        return { name, manifest: await readBackup(store, name) }
      } catch (error) {
        if (!isUserFacing(error)) throw error
        return { name, why: error.message }
      }
    }),
  )
  return {
    backups: entries
      .flatMap(({ manifest }) => manifest ?? [])
      .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? 1 : -1)),
    broken: entries.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  }
}

/** The backups of one database and environment, newest first. */
export async function listBackups(
  store: Store,
  { source, environment }: Pick<Manifest, 'source' | 'environment'>,
): Promise<readonly Manifest[]> {
  const { backups } = await readCatalog(store)
  return backups.filter((each) => each.source === source && each.environment === environment)
}

/** @throws InputError for a bad name, RefusedError for a backup that is not there or damaged */
export async function readBackup(store: Store, name: string): Promise<Manifest> {
  const path = `${parseBackupName(name)}/${manifestFile}`
  return readManifest(await text(await store.read(path)), name)
}

/** Reads every stored byte. @throws RefusedError naming the file that is missing or changed */
export async function verifyStored(
  store: Store,
  { name, parts }: Pick<Manifest, 'name' | 'parts'>,
): Promise<void> {
  if (parts.length === 0) throw new RefusedError(`backup ${name} is empty`)
  for (const part of parts) await verifyPart(store, `${name}/${part.name}`, part)
}

/**
 * Reads every byte of the backups of one database and environment, and logs those that are whole.
 * @returns what is wrong, a line each: backups that are damaged, and folders of the store that are none
 */
export async function verifyBackups(
  store: Store,
  own: Pick<Manifest, 'source' | 'environment'>,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const { broken } = await readCatalog(store)
  const damage = broken.map(({ name, why }) => `${name}: ${why}`)
  for (const manifest of await listBackups(store, own)) {
    try {
      await verifyStored(store, manifest)
      log(`${manifest.name} is stored as it was made; ${describeVerification(manifest)}`)
    } catch (error) {
      if (!isUserFacing(error)) throw error
      damage.push(`${manifest.name}: ${error.message}`)
    }
  }
  return damage
}

/** Which backup to go back to. */
export interface Choice {
  /** a name, `latest`, or `before-deployment` */
  readonly wanted: string
  /** the deployment of `before-deployment` */
  readonly revision: string
  readonly source: string
  readonly environment: string
  /** takes a backup of another database or environment too, when it is named */
  readonly allowOtherSource: boolean
  readonly now: Date
}

/** How a backup is one of another database or environment, a clause; undefined for one of this database here. */
export function describeOrigin(
  { source, environment, database }: Pick<Manifest, 'source' | 'environment' | 'database'>,
  here: Pick<Choice, 'source' | 'environment'>,
): string | undefined {
  if (source !== here.source) return `was made of another database ("${database}")`
  // the same address may be another machine's there: localhost, or a path
  if (environment !== here.environment)
    return `was made in environment ${environment}, and this is ${here.environment}`
  return undefined
}

/** @throws InputError without naming the input, RefusedError when there is no such backup or it is of another database or environment */
export async function chooseBackup(store: Store, choice: Choice): Promise<Manifest> {
  const { wanted, revision, source, environment } = choice
  if (wanted !== 'latest' && wanted !== 'before-deployment') {
    const manifest = await readBackup(
      store,
      readSetting('backup', () => parseBackupName(wanted)),
    )
    const other = describeOrigin(manifest, choice)
    if (other !== undefined && !choice.allowOtherSource)
      throw new RefusedError(
        message`backup ${manifest.name} ${other}; set ${setting('allow-other-source')} to restore it here`,
      )
    return manifest
  }
  const { backups, broken } = await readCatalog(store)
  const own = backups.filter((each) => each.source === source && each.environment === environment)
  const wantedOnes = wanted === 'latest' ? own : own.filter(({ before }) => before === revision)
  // one that could not be restored when it was made is no way back, unless it is named
  const found = wantedOnes.find((each) => !isFailed(each))
  if (found !== undefined) {
    if (isFromFuture(found, choice.now))
      throw new RefusedError(
        message`backup ${found.name} says that it was made at ${found.createdAt}, and it is ${choice.now.toISOString()} here: which backup is the newest is not known; check the clocks, and name one in ${setting('backup')}`,
      )
    return found
  }
  const what = wanted === 'latest' ? 'backup' : `backup from before the deployment of ${revision.slice(0, 7)}`
  // names begin with the time
  const unusable = broken.toSorted((a, b) => (a.name < b.name ? 1 : -1))
  const rest = [
    ...(unusable.length === 0 ? [] : [`, and ${unusable.length} that cannot be used: ${unusable[0]?.why}`]),
    ...wantedOnes.slice(0, 1).map((each) => `; ${each.name} ${describeVerification(each)}`),
  ]
  const [stranger] = backups.filter((each) => describeOrigin(each, choice) !== undefined)
  // the same database by another address, such as localhost and 127.0.0.1, counts as another one
  const hint =
    own.length > 0
      ? message`; name one in ${setting('backup')}`
      : stranger !== undefined
        ? `; backup ${stranger.name} there ${describeOrigin(stranger, choice)}: check the address and the environment`
        : broken.length > 0
          ? ''
          : message`; nothing is stored there: check ${setting('database.storage')}`
  throw new RefusedError(
    message`there is no ${what} of this database in ${store.place} (${count(own.length, 'other')}${rest.join('')})${hint}`,
  )
}
