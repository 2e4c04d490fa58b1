import { RefusedError } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { formatDuration } from '../../text/duration.ts'
import {
  emptyView,
  type LayerPlan,
  type LayerPlanView,
  type LayerReceipt,
  type UndoableRollback,
} from '../layer.ts'
import { chooseBackup, describeOrigin } from './catalog.ts'
import { type Contents, type Engine, nameKept } from './engine.ts'
import type { BackupOptions, DatabaseLayerOptions } from './layer-options.ts'
import { isFromFuture, type Manifest } from './manifest.ts'
import { isHistoryTable } from './migrations/applied.ts'
import type { Revision } from './migrations/plan.ts'
import { type Loss, refuseExport } from './newer-rows.ts'
import {
  demandIdentity,
  holdsAlready,
  nothingDone,
  pruneKept,
  type RestoreReport,
  restoreBackup,
  sayLeftBehind,
} from './restore.ts'
import { describeVerification, isRestored } from './verification.ts'
import { wayBackOfRestore } from './way-back.ts'
import { wordsOfRestore } from './words.ts'

/** What is restored unless something else is asked for. */
const usual: BackupOptions = {
  wanted: 'before-deployment',
  allowOtherSource: false,
  verify: 'full',
  exportTo: undefined,
}

/**
 * Restores a backup, that from before the deployment unless another is named: beside, verified there, then one swap.
 * @param instead why it is not the migrations that are undone
 * @throws RefusedError when there is no such backup
 */
export async function planRestore(options: DatabaseLayerOptions, instead?: string): Promise<LayerPlan> {
  const {
    engine,
    store,
    bad,
    environment,
    mayRestoreAlone,
    allowDataLoss,
    isExplicit,
    backup = usual,
  } = options
  const { wanted, verify, exportTo } = backup
  if (exportTo !== undefined) await refuseExport(exportTo, store)
  await engine.inspect('restore')
  const manifest = await chooseBackup(store, {
    ...backup,
    revision: bad.id,
    source: engine.source,
    environment,
    now: options.now(),
  })
  const other = describeOrigin(manifest, { source: engine.source, environment })
  const live = await engine.contents()
  const done = live === undefined ? undefined : await findDone(options, manifest, live)
  if (done !== undefined) return done
  demandIdentity({ ...options, manifest })
  const request = { ...options, manifest, verify, exportTo, liveSchema: live?.schema }
  const tried = options.triesBeside ? await restoreBackup({ ...request, dryRun: true }) : undefined
  if (tried !== undefined) options.observe?.(tried)
  const losses = tried?.losses.map(sayLoss) ?? (live === undefined ? [] : countRoughly(manifest, live))
  const left = (await engine.leftBehind?.()) ?? []
  const losesNothing = allowDataLoss || exportTo !== undefined
  const view: LayerPlanView = {
    ...viewRestore(options, manifest, { wanted, replaces: live !== undefined }),
    steps: [
      `compare every file of backup ${manifest.name} with its manifest`,
      `load it beside ${engine.database} and compare ${verify === 'full' ? 'it there, table by table' : 'its schema there'}`,
      `count the rows written since the backup${exportTo === undefined ? (allowDataLoss ? '' : ', and stop if there are any') : ', and export them'}`,
      live === undefined
        ? `swap it in as ${engine.database}`
        : `swap it with ${engine.database}, which is kept for ${formatDuration(options.keepOldMs)}`,
    ],
    losses,
    warnings: [
      ...(instead === undefined ? [] : [`the migrations cannot be undone: ${instead}`]),
      ...(tried === undefined
        ? ['rows that changed since the backup are counted only once the copy is loaded']
        : []),
      ...(isFromFuture(manifest, options.now())
        ? [`backup ${manifest.name} says that it was made at ${manifest.createdAt}, which is in the future`]
        : []),
      ...(other === undefined ? [] : [`backup ${manifest.name} ${other}`]),
      ...(isRestored(manifest) ? [] : [`backup ${manifest.name} is ${describeVerification(manifest)}`]),
      ...(left.length === 0 ? [] : [sayLeftBehind(left)]),
    ],
    needsPerson: isExplicit
      ? []
      : [
          ...(mayRestoreAlone
            ? []
            : [
                'it restores a backup, and `database.restore-without-a-person` does not allow an automatic run to do so',
              ]),
          ...(losesNothing ? [] : losses.map((loss) => `it removes data: ${loss}`)),
        ],
    ...scopeOf(options, manifest),
    basis: basisOf(options, manifest, live),
  }
  return {
    view,
    words: wordsOfRestore(view),
    apply: async () => {
      const report = await restoreBackup({ ...request, dryRun: false })
      options.observe?.(report)
      const after = await engine.contents()
      const { kept } = report
      return {
        ...receiptRestored(view, report),
        ...(kept !== undefined && { wayBack: await wayBackOfRestore(engine, kept, options.keepOldMs) }),
        verified: {
          ok: after?.schema === manifest.contents.schema,
          evidence: `${engine.database} has the schema and all tables (${manifest.contents.tables.length}) of backup ${manifest.name}, ${verify === 'full' ? 'which were compared row by row' : 'whose stored files were compared'} before the swap`,
        },
      }
    },
  }
}

/**
 * What an earlier run restored, and what holds just what the backup does, is not restored again: rows that were written to it
 * since would be lost.
 */
async function findDone(
  options: DatabaseLayerOptions,
  manifest: Manifest,
  live: Contents,
): Promise<LayerPlan | undefined> {
  const { engine, earlier, observe, backup = usual } = options
  const hasSchema = live.schema === manifest.contents.schema
  const wasRestored = earlier?.to === manifest.name && hasSchema
  if (!wasRestored && !(await holdsAlready(engine, manifest, live))) return undefined
  // a run that was killed between the swap and its record has left what it replaced
  const kept = (await engine.listKept()).findLast(
    ({ at }) => at.getTime() >= Date.parse(manifest.createdAt),
  )?.name
  const chosen = viewRestore(options, manifest, { wanted: backup.wanted, replaces: true })
  const done: UndoableRollback = earlier ?? receiptRestored(chosen, { outcome: 'already-restored', kept })
  const isDone = wasRestored || kept !== undefined
  const holds = wasRestored
    ? `${engine.database} was restored from backup ${manifest.name} by an earlier run, and has its schema`
    : `${engine.database} holds what backup ${manifest.name} does`
  observe?.({ ...nothingDone, outcome: 'already-restored', backup: manifest.name })
  const view: LayerPlanView = {
    ...emptyView('database'),
    state: isDone ? 'done' : 'nothing',
    from: isDone ? done.from : '',
    to: manifest.name,
    foundBy: holds,
    ...(!isDone && { left: holds }),
    ...scopeOf(options, manifest),
    basis: basisOf(options, manifest, live),
  }
  return {
    view,
    words: wordsOfRestore(view),
    apply: async () => ({
      ...done,
      outcome: 'already-rolled-back',
      verified: { ok: true, evidence: `${engine.database} has the schema of backup ${manifest.name}` },
    }),
  }
}

/**
 * Puts the database that was replaced in its place again, and keeps what the restore made.
 * @throws RefusedError when it is not kept any more
 */
export async function takeRestoreBack(options: DatabaseLayerOptions, name: string): Promise<string> {
  const { engine, now, log } = options
  const lock = await engine.lock()
  try {
    const kept = await engine.listKept()
    const own = kept.find((each) => each.name === name)
    if (own === undefined) {
      // the one that was put back is not kept any more, and what it replaced is
      const replaced = kept.at(-1)
      if (replaced !== undefined && replaced.name > name)
        return `${engine.database} is again the database that was kept as ${name}; the restored one is kept as ${replaced.name}`
      throw new RefusedError(
        `${name} no longer exists, so it cannot be put back: restore a backup with db-restore`,
      )
    }
    const keepAs = await nameKept(engine, now())
    await engine.putBack(name, keepAs)
    await pruneKept({ engine, keepOldMs: options.keepOldMs, now, log })
    return `${engine.database} is again the database that was kept as ${name}; the restored one is kept as ${keepAs}`
  } finally {
    await lock.release()
  }
}

/**
 * A restore in the words of all layers: what is replaced by what.
 * @param wanted a name, `latest` or `before-deployment`
 * @param replaces whether there is a database already
 */
function viewRestore(
  { engine, bad }: { readonly engine: Engine; readonly bad: Pick<Revision, 'id'> },
  manifest: Manifest,
  { wanted, replaces }: { readonly wanted: string; readonly replaces: boolean },
): LayerPlanView {
  const how: Readonly<Record<string, string>> = {
    latest: 'the newest backup',
    'before-deployment': `the newest backup from before the deployment of ${bad.id.slice(0, 7)}`,
  }
  return {
    ...emptyView('database'),
    from: replaces ? engine.database : '',
    to: manifest.name,
    foundBy: `${how[wanted] ?? 'the backup that was named'}, of ${manifest.createdAt}`,
    undone: manifest.migrations.map(({ name, revision }) => ({
      revision: revision ?? bad.id,
      title: name,
      author: '',
    })),
  }
}

/** What was agreed to with a plan: another rule for the rows that would be lost is another plan. */
function basisOf(
  { engine, allowDataLoss, backup = usual, keepOldMs }: DatabaseLayerOptions,
  { name }: Manifest,
  live: Contents | undefined,
): LayerPlanView['basis'] {
  const rows = backup.exportTo !== undefined ? 'exported' : allowDataLoss ? 'lost' : 'a reason to stop'
  return {
    backup: name,
    schema: live?.schema ?? '',
    'the database, by its address,': engine.source,
    'what happens to rows that were written since the backup': rows,
    'how long the replaced database is kept': formatDuration(keepOldMs),
    'what is compared before the swap': backup.verify === 'full' ? 'schema and rows' : 'the schema',
  }
}

/** A step that names its backup goes on with no restore of another one. */
function scopeOf({ isExplicit }: DatabaseLayerOptions, { name }: Manifest): Pick<LayerPlanView, 'scope'> {
  return isExplicit ? { scope: `backup ${name}` } : {}
}

/** What a restore did, in the words of all layers. */
function receiptRestored(
  { from, to }: LayerPlanView,
  { outcome, kept, losses = [] }: Restored,
): LayerReceipt {
  return {
    outcome: outcome === 'restored' ? 'rolled-back' : 'already-rolled-back',
    from,
    to,
    now: to,
    kept: { ...(kept !== undefined && { database: kept }) },
    ...(losses.length > 0 && { losses: losses.map(sayLoss) }),
    verified: undefined,
  }
}

type Restored = Pick<RestoreReport, 'outcome' | 'kept'> & Partial<Pick<RestoreReport, 'losses'>>

/** What is lost, counted in the copy. */
function sayLoss({ table, rows, exact }: Loss): string {
  return `table ${table}: ${exact ? '' : 'at least '}${count(rows, 'row')} written since the backup`
}

/** By row counts alone, so that a plan reads no table twice: there may be more. */
function countRoughly({ contents }: Manifest, live: Contents): readonly string[] {
  const before = new Map(contents.tables.map(({ name, rows }) => [name, rows]))
  return live.tables.flatMap(({ name, rows }) => {
    const then = before.get(name)
    if (isHistoryTable(name)) return []
    if (then === undefined)
      return rows === 0 ? [] : [`table ${name}: ${count(rows, 'row')}, and the backup has no such table`]
    return rows <= then ? [] : [sayLoss({ table: name, rows: rows - then, exact: false })]
  })
}
