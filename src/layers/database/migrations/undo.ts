import { ConflictError, message, RefusedError, setting } from '../../../errors.ts'
import { readApplied } from './applied.ts'
import { listMigrations } from './folder.ts'
import { planUndo, standsAt, type UndoPlan, type UndoRequest } from './plan.ts'
import type { Position } from './position.ts'

export interface UndoOptions extends UndoRequest {
  /** goes on although tables, columns or rows with data in them are taken away */
  readonly allowDataLoss: boolean
  /** goes on although migrations were changed, are missing, or out of order */
  readonly allowIrregular: boolean
  readonly dryRun: boolean
  /** called when it is sure that something will be undone, before it is: e.g. takes a backup */
  readonly before: (plan: UndoPlan) => Promise<void>
  /** names that were planned; undefined to take what comes */
  readonly expected?: readonly string[] | undefined
  /** undoes by the project's own tool */
  readonly command: ((names: readonly string[]) => Promise<void>) | undefined
  readonly log: (line: string) => void
}

export interface UndoReport {
  readonly outcome: 'undone' | 'nothing-to-undo' | 'planned'
  /** names, in the order in which they were undone */
  readonly undone: readonly string[]
  readonly takes: readonly string[]
  /** the newest migration that stays */
  readonly standsAt: Position
}

/**
 * Undoes migrations, one after the other, each with its entry in the history table in one transaction where the engine
 * can. Killed and run again, it goes on where it was: what is undone is not in the table any more.
 * @throws RefusedError before anything is changed, ConflictError when others are at it or the tool undid something else
 */
export async function undoMigrations(options: UndoOptions): Promise<UndoReport> {
  const { engine, log, dryRun } = options
  const lock = await engine.lock()
  try {
    const plan = await planUndo(options)
    for (const line of describe(plan)) log(line)
    const names = plan.steps.map(({ name }) => name)
    const takes = plan.steps.flatMap((step) => step.takes)
    const rest = { takes, standsAt: standsAt(plan) }
    refuseOther(options.expected, names)
    if (names.length === 0) return { outcome: 'nothing-to-undo', undone: [], ...rest }
    refuse(options, plan, takes)
    if (dryRun) return { outcome: 'planned', undone: names, ...rest }
    await options.before(plan)
    if (options.command !== undefined) await options.command(names)
    else await runScripts(options, plan)
    await verifyUndone(options, plan)
    return { outcome: 'undone', undone: names, ...rest }
  } finally {
    await lock.release()
  }
}

/** What a plan does, line by line. */
function describe({ table, steps, irregularities }: UndoPlan): readonly string[] {
  if (steps.length === 0)
    return [`according to ${table}, this deployment applied no migration: there is nothing to undo`]
  return [
    ...steps.map(({ name, from }) => `undoes ${name}, with the down script from ${from}`),
    ...steps.flatMap(({ name, takes }) => takes.map((taken) => `${name} takes away ${taken}`)),
    ...irregularities.map((each) => `not as it should be: ${each}`),
  ]
}

function refuse(
  { allowDataLoss, allowIrregular }: UndoOptions,
  { irregularities }: UndoPlan,
  takes: readonly string[],
): void {
  if (irregularities.length > 0 && !allowIrregular)
    throw new RefusedError(
      message`${irregularities.join('; ')}; set ${setting('allow-irregular')} to continue anyway`,
    )
  if (takes.length > 0 && !allowDataLoss)
    throw new RefusedError(
      message`it would remove ${takes.join('; ')}; set ${setting('database.allow-data-loss')} to continue anyway`,
    )
}

/** Compare-and-swap: what is undone is what was planned. */
function refuseOther(expected: readonly string[] | undefined, names: readonly string[]): void {
  if (expected === undefined || expected.join('\n') === names.join('\n')) return
  throw new ConflictError(
    `the plan was to undo ${expected.join(', ')}, and this run would undo ${names.join(', ') || 'nothing'}: plan again`,
  )
}

async function runScripts({ engine, log }: UndoOptions, { steps, applied }: UndoPlan): Promise<void> {
  for (const { name, script, transaction, entry } of steps) {
    if (script === undefined || applied.forget === undefined) throw new TypeError(`no script undoes ${name}`)
    const at = applied.entries.indexOf(entry)
    await engine.runScript({
      name,
      script,
      transaction,
      after: [applied.forget(entry, applied.entries[at - 1])],
    })
    log(`undone: ${name}`)
  }
}

/** The history table has to say just what the plan did: some tools undo the wrong migration and report success. */
async function verifyUndone(
  { engine, bad, folder }: UndoOptions,
  { applied, steps, table }: UndoPlan,
): Promise<void> {
  const files = listMigrations(bad.paths, folder)
  const now = (await readApplied(engine, files))?.entries.map(({ key }) => key) ?? []
  const gone = new Set(steps.map(({ entry }) => entry.key))
  const expected = applied.entries.map(({ key }) => key).filter((key) => !gone.has(key))
  const wrong = [
    ...now.filter((key) => !expected.includes(key)).map((key) => `${key} is still applied`),
    ...expected.filter((key) => !now.includes(key)).map((key) => `${key} is gone, and should not be`),
  ]
  if (wrong.length > 0)
    throw new ConflictError(
      `${table} is not as expected after the migrations were undone: ${wrong.join('; ')}`,
    )
}
