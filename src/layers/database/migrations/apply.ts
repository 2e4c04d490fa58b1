import { ConflictError, message, RefusedError, setting } from '../../../errors.ts'
import type { Engine } from '../engine.ts'
import { isEntryOf, readApplied } from './applied.ts'
import { type ApplyPlan, type ApplyRequest, type ApplyStep, planApply } from './apply-plan.ts'
import { listMigrations } from './folder.ts'
import {
  createOwnTable,
  journalName,
  readOwnTable,
  recordBegun,
  recordUp,
  withdrawBegun,
} from './own-table.ts'
import type { Position } from './position.ts'

export interface ApplyOptions extends Omit<ApplyRequest, 'byCommand'> {
  /** applies by the project's own tool; undefined to run the scripts */
  readonly command: ((names: readonly string[]) => Promise<void>) | undefined
  /** goes on although migrations were changed, are missing, or out of order */
  readonly allowIrregular: boolean
  readonly dryRun: boolean
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

export interface ApplyReport {
  readonly outcome: 'applied' | 'nothing-to-apply' | 'planned'
  /** what was applied, or would be, in that order */
  readonly applied: readonly AppliedStep[]
  /** the newest migration that is applied now */
  readonly standsAt: Position
  /** history table; '' where there is none yet */
  readonly table: string
}

export type AppliedStep = Omit<ApplyStep, 'transaction'>

/**
 * Applies the migrations of a revision that the database does not have, oldest first, each with its record, and the script that
 * undoes it, in one transaction where the engine can. Killed and run again, it goes on where it was.
 * @throws RefusedError before anything is changed, or that says how far a script came; ConflictError when others hold the
 * database, or the project's tool applied something else
 */
export async function applyMigrations(options: ApplyOptions): Promise<ApplyReport> {
  const { engine, log, command, dryRun, allowIrregular } = options
  const request = { ...options, byCommand: command !== undefined }
  const lock = await engine.lock()
  try {
    const plan = await planApply(request)
    for (const line of describePlan(plan, options)) log(line)
    const { steps, irregularities } = plan
    if (irregularities.length > 0 && !allowIrregular)
      throw new RefusedError(
        message`${irregularities.join('; ')}; set ${setting('allow-irregular')} to continue anyway`,
      )
    if (steps.length === 0 || dryRun) {
      const outcome = steps.length === 0 ? 'nothing-to-apply' : 'planned'
      return { outcome, ...reportOf(plan, steps) }
    }
    if (command === undefined) await runScripts(options, steps)
    else await command(steps.map(({ name }) => name))
    const now = await verifyApplied(request, plan)
    return { outcome: 'applied', ...reportOf(now, steps) }
  } finally {
    await lock.release()
  }
}

function reportOf({ applied }: Pick<ApplyPlan, 'applied'>, steps: readonly ApplyStep[]) {
  return {
    applied: steps.map(({ transaction: _, ...step }) => step),
    standsAt: applied?.entries.at(-1)?.key,
    table: applied?.table ?? '',
  }
}

function describePlan(
  { steps, irregularities }: ApplyPlan,
  { engine, dryRun }: Pick<ApplyOptions, 'engine' | 'dryRun'>,
): readonly string[] {
  if (steps.length === 0) return [`${engine.database} has every migration of this revision`]
  return [
    ...steps.flatMap(({ name, down, script, locks }) => [
      `applies ${name}${down === undefined ? ', which cannot be undone: it has no down script' : ''}`,
      ...locks.map((lock) => `  locks ${lock}`),
      ...(dryRun
        ? script
            .trimEnd()
            .split('\n')
            .map((line) => `  | ${line}`)
        : []),
    ]),
    ...irregularities.map((each) => `irregular: ${each}`),
  ]
}

async function runScripts(
  { engine, revision, now, log, signal }: ApplyOptions,
  steps: readonly ApplyStep[],
): Promise<void> {
  await createOwnTable(engine)
  for (const [index, step] of steps.entries()) {
    signal?.throwIfAborted()
    const at = await nextTime(engine, now())
    const record = recordUp(engine, { ...step, revision: revision.id }, new Date(at.getTime() + 1))
    // where nothing can be undone and nothing says how far it came, that it began is recorded first
    const isOutside = engine.transactionalDdl && !step.transaction
    if (isOutside) await engine.runScript(recordBegun(engine, step.name, at))
    try {
      await engine.runScript({
        name: journalName(step.name),
        script: step.script,
        transaction: step.transaction,
        after: isOutside ? [record, withdrawBegun(engine, step.name)] : [record],
      })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      if (isOutside)
        await engine.runScript({ script: '', transaction: true, after: [withdrawBegun(engine, step.name)] })
      const before = steps.slice(0, index).map(({ name }) => name)
      const rest =
        before.length === 0
          ? 'no other was applied'
          : `${before.join(', ')} ${before.length === 1 ? 'was' : 'were'} applied before and ${before.length === 1 ? 'stays' : 'stay'}`
      const undone = step.transaction ? ', and is undone as a whole' : ''
      throw new RefusedError(message`migration ${step.name} failed${undone}: ${error}; ${rest}`)
    }
    log(`applied: ${step.name}`)
  }
}

/** Later than the table's last change, so that records are in order even where a clock was put back. */
async function nextTime(engine: Engine, now: Date): Promise<Date> {
  const { changedAt } = await readOwnTable(engine)
  const last = changedAt === undefined ? Number.NaN : Date.parse(`${changedAt.replace(' ', 'T')}Z`)
  return Number.isNaN(last) ? now : new Date(Math.max(now.getTime(), last + 1))
}

/** The history table has to say just what the plan did: some tools apply less than they report. */
async function verifyApplied(
  { engine, folder, revision }: ApplyRequest,
  { steps, applied: before }: ApplyPlan,
): Promise<Pick<ApplyPlan, 'applied'>> {
  const files = listMigrations(revision.paths, folder)
  const applied = await readApplied(engine, files)
  if (applied === undefined)
    throw new ConflictError(
      `the command ended, and ${engine.database} has no history table of migrations that is known: it is not known what was applied`,
    )
  const had = new Set(before?.entries.map(({ key }) => key))
  const added = applied.entries.filter(({ key }) => !had.has(key))
  const fileOf = (name: string) => files.find((file) => file.name === name)
  const isStep = (key: string) =>
    steps.some(({ name }) => {
      const file = fileOf(name)
      return file !== undefined && isEntryOf(key, file)
    })
  const wrong = [
    ...steps
      .filter(({ name }) => {
        const file = fileOf(name)
        return file === undefined || !added.some(({ key }) => isEntryOf(key, file))
      })
      .map(({ name }) => `${name} is not applied`),
    ...added.filter(({ key }) => !isStep(key)).map(({ key }) => `${key} is applied, and was not pending`),
  ]
  if (wrong.length > 0)
    throw new ConflictError(`${applied.table} is not as expected after the migration: ${wrong.join('; ')}`)
  return { applied }
}
