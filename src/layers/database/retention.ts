import { isUserFacing } from '../../errors.ts'
import { readCatalog, verifyStored } from './catalog.ts'
import { backupTime, isFromFuture, type Manifest } from './manifest.ts'
import { manifestFile, type Store } from './store/store.ts'
import { describeVerification, isFailed, isRestored } from './verification.ts'

export interface RetentionRule {
  /** how many of the newest verified backups stay */
  readonly keep: number
  /** backups younger than this stay too, ms */
  readonly keepForMs: number
  /** revisions that are live, or about to be: the backups from before them stay */
  readonly liveRevisions: ReadonlySet<string>
  readonly now: Date
}

/**
 * Which backups may go. A pure function: of those that did not fail, the newest `keep`, the young, the pinned and those of a
 * live revision stay, and always the newest, and the newest that was restored once. One that could not be restored counts for
 * nothing, and goes when a newer one was restored. Those that are damaged, or from the future, are never counted, and never deleted here.
 * @param whole those whose stored files are as they were made, newest first
 */
export function chooseExpired(
  whole: readonly Manifest[],
  { keep, keepForMs, liveRevisions, now }: RetentionRule,
): readonly Manifest[] {
  const usable = whole.filter((each) => !isFailed(each) && !isFromFuture(each, now))
  const newestRestored = usable.find(isRestored)
  return whole.filter((manifest) => {
    const { pinned, before, createdAt } = manifest
    if (pinned || liveRevisions.has(before) || isFromFuture(manifest, now)) return false
    if (now.getTime() - Date.parse(createdAt) <= keepForMs) return false
    if (isFailed(manifest))
      return newestRestored !== undefined && whole.indexOf(newestRestored) < whole.indexOf(manifest)
    return usable.indexOf(manifest) >= Math.max(1, keep) && manifest !== newestRestored
  })
}

/**
 * Deletes the backups of one database that the rule lets go, and logs which. Only a backup whose every byte is as its
 * manifest says, and which did not fail to be restored, counts for `keep`.
 * @returns names of those deleted
 */
export async function applyRetention({
  store,
  source,
  environment,
  rule,
  log,
}: {
  readonly store: Store
  readonly source: string
  readonly environment: string
  readonly rule: RetentionRule
  readonly log: (line: string) => void
}): Promise<readonly string[]> {
  const cutShort = await removeCutShort(store, rule.now, log)
  const { backups, broken } = await readCatalog(store)
  for (const { name, why } of broken)
    if (!cutShort.has(name)) log(`${name} is kept and does not count: ${why}`)
  const whole: Manifest[] = []
  for (const manifest of backups) {
    if (manifest.source !== source || manifest.environment !== environment) continue
    const damage = await damageOf(store, manifest)
    if (isFromFuture(manifest, rule.now))
      log(
        `${manifest.name} is kept and does not count: it says that it was made at ${manifest.createdAt}, which is in the future; check the clocks`,
      )
    if (isFailed(manifest)) log(`${manifest.name} does not count: ${describeVerification(manifest)}`)
    if (damage === undefined) whole.push(manifest)
    else log(`${manifest.name} is kept and does not count: ${damage}`)
  }
  const expired = chooseExpired(whole, rule)
  for (const { name, parts, createdAt } of expired) {
    // without its manifest it is no backup any more, whatever happens next
    await store.remove(`${name}/${manifestFile}`)
    for (const part of parts) await store.remove(`${name}/${part.name}`)
    log(`deleted backup ${name} of ${createdAt}: newer ones are kept`)
  }
  return expired.map(({ name }) => name)
}

/** Longer than any backup takes, ms: what has no manifest by then never gets one. */
const longestBackupMs = 24 * 3600 * 1000

/** Takes away what backups left that were killed: files without a manifest. @returns the names of all such */
async function removeCutShort(
  store: Store,
  now: Date,
  log: (line: string) => void,
): Promise<ReadonlySet<string>> {
  const paths = await store.list()
  const names = new Set(paths.map((path) => path.split('/')[0] ?? ''))
  const cutShort = [...names].filter((name) => !paths.includes(`${name}/${manifestFile}`))
  for (const name of cutShort) {
    const at = backupTime(name)
    if (at === undefined || now.getTime() - at.getTime() < longestBackupMs) continue
    for (const path of paths) if (path.startsWith(`${name}/`)) await store.remove(path)
    log(`removed ${name}, a backup that was cut short`)
  }
  return new Set(cutShort)
}

async function damageOf(store: Store, manifest: Manifest): Promise<string | undefined> {
  try {
    await verifyStored(store, manifest)
    return undefined
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return error.message
  }
}
