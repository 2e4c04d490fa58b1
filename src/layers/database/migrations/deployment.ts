import { ConflictError } from '../../../errors.ts'
import { makeBackup } from '../backup.ts'
import { readCatalog } from '../catalog.ts'
import type { Engine } from '../engine.ts'
import type { Manifest, RecordedMigration } from '../manifest.ts'
import type { Store } from '../store/store.ts'
import { planUndo, type Revision, type Selection, type UndoPlan } from './plan.ts'
import { type UndoReport, undoMigrations } from './undo.ts'

/** A deployment whose migrations are undone, and where what was recorded of it is. */
export interface Deployment {
  readonly engine: Engine
  readonly store: Store
  /** of the migrations in the repository */
  readonly folder: string
  readonly bad: Revision
  readonly selection: Selection
  /** undoes by the project's own tool; undefined to run the scripts */
  readonly command: ((names: readonly string[]) => Promise<void>) | undefined
}

export interface DeploymentUndo extends Deployment {
  readonly environment: string
  readonly allowDataLoss: boolean
  readonly allowIrregular: boolean
  readonly dryRun: boolean
  /** names that were planned, in their order: a ConflictError when others are to be undone by now; undefined to take what comes */
  readonly expected: readonly string[] | undefined
  /** `age1…` for the backup that is made before; undefined to store it in the clear */
  readonly recipient: string | undefined
  /** called once it is known that something is to be undone; what it throws ends it with nothing changed */
  readonly beforeChange?: () => Promise<void>
  readonly scratch: string
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

export interface DeploymentUndoReport extends UndoReport {
  /** the backup from before the undoing; undefined where nothing was undone */
  readonly backup: string | undefined
}

/** Plans what `undoDeployment` does; reads only. @throws as `planUndo` */
export async function planDeploymentUndo(deployment: Deployment): Promise<UndoPlan> {
  return planUndo(await requestOf(deployment))
}

/**
 * Undoes what a deployment applied, by what was recorded when it was deployed, with a backup made first. Killed and run
 * again, it goes on where it was.
 * @throws as `undoMigrations` and `makeBackup`
 */
export async function undoDeployment(options: DeploymentUndo): Promise<DeploymentUndoReport> {
  const { engine, store, bad } = options
  let backup: string | undefined
  const report = await undoMigrations({
    ...options,
    ...(await requestOf(options)),
    before: async ({ steps }) => {
      await options.beforeChange?.()
      const first = await findCutOff(options, steps)
      const made = await makeBackup({
        ...options,
        engine,
        store,
        before: beforeUndoOf(bad.id),
        migrations: steps.map(
          ({ name, entry, script }): RecordedMigration => ({
            name,
            ...(script !== undefined && { down: script }),
            ...(entry.checksum !== undefined && { checksum: entry.checksum }),
            revision: entry.revision ?? bad.id,
          }),
        ),
        pinned: false,
        // the undoing holds the lock that a restore beside needs
        verify: 'checksums',
      })
      backup = (first ?? made).name
    },
  }).catch((error: unknown) => {
    if (!(error instanceof ConflictError) || backup === undefined) throw error
    throw new ConflictError(`${error.message}; backup ${backup} has it as it was`)
  })
  return { ...report, backup }
}

/** The newest backup that was made before migrations of the revision were undone, which names those; undefined for none. */
export async function findSafetyCopy({
  engine,
  store,
  bad,
}: Pick<Deployment, 'engine' | 'store' | 'bad'>): Promise<Manifest | undefined> {
  const { backups } = await readCatalog(store)
  return backups.find(({ source, before }) => source === engine.source && before === beforeUndoOf(bad.id))
}

/** From after the deployment: it is no way back to before it, and is never taken for one. */
function beforeUndoOf(revision: string): string {
  return `undo-of-${revision}`
}

/** The backup of an undoing that was interrupted, of which these steps are the rest: it has what that took away. */
async function findCutOff(
  deployment: Pick<Deployment, 'engine' | 'store' | 'bad'>,
  steps: readonly { readonly name: string }[],
): Promise<Manifest | undefined> {
  const earlier = await findSafetyCopy(deployment)
  if (earlier === undefined || earlier.migrations.length <= steps.length) return undefined
  const had = new Set(earlier.migrations.map(({ name }) => name))
  return steps.every(({ name }) => had.has(name)) ? earlier : undefined
}

async function requestOf({ engine, store, folder, bad, selection, command }: Deployment) {
  const { backups } = await readCatalog(store)
  const own = backups.filter(({ source, before }) => source === engine.source && before === bad.id)
  const recorded = own.flatMap(({ migrations }) => migrations)
  return { engine, folder, bad, selection, recorded, byCommand: command !== undefined }
}
