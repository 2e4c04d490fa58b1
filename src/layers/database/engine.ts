import type { Connection } from './connection.ts'

/** A database of one kind: what backups and restores need of it, and what migrations do. One folder each. */
export interface Engine extends BackupEngine, ScriptEngine {}

/**
 * Copies of a database: made, loaded beside it, and put in its place. Nothing here knows where backups are kept, and
 * nothing that keeps them knows a database.
 */
export interface BackupEngine {
  readonly kind: 'sqlite' | 'postgres' | 'mysql'
  /** as people know it, without host or password */
  readonly database: string
  /** Identifies the database without naming it: a digest of engine, host and name. */
  readonly source: string
  /**
   * Checks the server, the tools and the rights. Changes nothing.
   * @throws RefusedError that names the package to install or the right to grant
   */
  readonly inspect: (purpose: 'backup' | 'restore') => Promise<Versions>
  /** Writes one point in time as parts of a backup, and returns what is in it. */
  readonly dump: (target: DumpTarget) => Promise<Contents>
  /** Two restores, or two undoings, of one database never run at once; the lock ends with the process that holds it. @throws ConflictError that names its holder */
  readonly lock: () => Promise<Lock>
  /** What is in the live database; undefined when there is none. */
  readonly contents: (options?: ContentsOptions) => Promise<Contents | undefined>
  /** `Contents.schema` of the live database, without reading the rows; undefined when there is none. */
  readonly schema: () => Promise<string | undefined>
  /** What `schema` is a digest of, a line a definition, to name what differs. Absent where that is not known. */
  readonly definitions?: () => Promise<readonly string[]>
  /** Whether `stage` loads onto the server of the live database, among what other restores left there: it needs the lock then. */
  readonly stagesOnServer: boolean
  /** Whether `stage` reads the parts of a backup to their ends, where their checksums are compared, before any of it is executed. */
  readonly readsBeforeItLoads: boolean
  /** Loads a backup beside the live database, which nothing touches. Removes what a killed restore left. */
  readonly stage: (source: DumpSource, options?: StageOptions) => Promise<Staged>
  /**
   * Another server to load backups on, only to verify them there: the server of a connection, or one that is started on
   * this machine. Absent where a backup is loaded on no server.
   * @throws RefusedError that names what that server lacks
   */
  readonly elsewhere?: (where: Connection | 'local') => Promise<Elsewhere>
  /** What would stay with the live database when it is replaced, and not follow to the new one, in words. Absent where nothing does. */
  readonly leftBehind?: () => Promise<readonly string[]>
  /** The name under which the live database is kept when it is replaced at this time. */
  readonly keptName: (at: Date) => string
  /** Databases that restores replaced and kept, oldest first. */
  readonly listKept: () => Promise<readonly Kept[]>
  readonly dropKept: (name: string) => Promise<void>
  /**
   * Puts a kept database in the place of the live one again, which is kept under the other name. As `Staged.swap`.
   * @throws ConflictError when clients that may not be cut off hold the database
   */
  readonly putBack: (kept: string, keepAs: string) => Promise<void>
}

/** Queries and scripts of the live database, for its migrations. */
export interface ScriptEngine {
  /** True where DDL is part of a transaction: not in MariaDB, which commits at every such statement. */
  readonly transactionalDdl: boolean
  /** A query of the live database, `?` for values; every value comes as text. */
  readonly query: (
    sql: string,
    values?: readonly string[],
  ) => Promise<readonly Readonly<Record<string, string | null>>[]>
  /** The columns of a table of the live database; none when it is not there. */
  readonly columnsOf: (table: string) => Promise<readonly string[]>
  readonly quoteName: (name: string) => string
  /** An expression for a column as text, to be compared with a text. */
  readonly asText: (column: string) => string
  /** Runs a script as it is, by the engine's own client or driver, then the statements. @throws RefusedError with the engine's own words */
  readonly runScript: (run: ScriptRun) => Promise<void>
}

export interface Statement {
  readonly sql: string
  readonly values: readonly string[]
}

export interface ScriptRun {
  readonly script: string
  readonly after: readonly Statement[]
  /** all of it or nothing */
  readonly transaction: boolean
  /** what a journal calls it, where DDL cannot be taken back: run again under the same name, it goes on after what ran */
  readonly name?: string | undefined
}

/** The table that says which statements of a script ran: where DDL cannot be taken back, it must not be done twice. */
export const journal = 'rollback_steps'

/** What every engine needs from outside. */
export interface Surroundings {
  /** for the tools: PATH and the like; what is secret is added by the engine, to the tool that needs it alone */
  readonly env: NodeJS.ProcessEnv
  /** a folder for option files and other temporary files */
  readonly scratch: string
  readonly log: (line: string) => void
}

export interface ContentsOptions {
  /** digests of every table too, and not only how many rows it has */
  readonly digests?: boolean
}

export interface Versions {
  readonly server: string
  /** the tool that dumps or loads, with its version */
  readonly tool: string
}

export interface DumpTarget {
  /** an empty folder for what cannot be streamed */
  readonly scratch: string
  /**
   * Adds one part. A chunk of it has to be good until the one after the next is asked for.
   * @param known its digest, where it was taken before
   */
  readonly add: (
    name: string,
    content: AsyncIterable<Buffer>,
    known?: { readonly sha256?: string | undefined },
  ) => Promise<void>
  readonly signal: AbortSignal | undefined
}

export interface DumpSource {
  readonly scratch: string
  readonly parts: readonly string[]
  /** bytes of a part as it was dumped */
  readonly sizeOf: (part: string) => number
  /** A chunk is good until the one after the next is asked for. */
  readonly open: (part: string) => Promise<AsyncIterable<Buffer>>
  readonly signal: AbortSignal | undefined
}

export interface StageOptions {
  /** Bytes of rows to load at most: of a larger backup the whole schema and the rows of some tables, see `Staged.sample`. By default all. */
  readonly limit?: number | undefined
  /** Whether `Staged.contents` is asked for, which may be prepared while the backup is loaded. By default true. */
  readonly compare?: boolean
}

/** Another server that backups are loaded on. */
export interface Elsewhere {
  /** as people know it, for logs */
  readonly name: string
  readonly lock: BackupEngine['lock']
  readonly stage: BackupEngine['stage']
  readonly close: () => Promise<void>
}

/** What is in a database, so that two can be compared without looking at both. */
export interface Contents {
  readonly tables: readonly TableContents[]
  /** SHA-256 of all that is not rows: tables, indexes, views, triggers, routines */
  readonly schema: string
  /** SHA-256 of the whole of it, where the engine copies page by page */
  readonly image?: string | undefined
  /** rows whose foreign key points at nothing, where the engine allows that */
  readonly orphans?: number | undefined
  /**
   * SHA-256 of where its sequences stand, where that is not part of rows. They move outside of any transaction, so the dump may
   * have later values.
   */
  readonly sequences?: string | undefined
}

export interface TableContents {
  /** with its schema where the engine has them, e.g. `public.product` */
  readonly name: string
  readonly rows: number
  /** the same for the same rows in any order; absent where `image` stands for it */
  readonly digest?: string | undefined
}

/** A restored copy beside the live database. */
export interface Staged {
  /** The engine's own search for damage, where loading does not find it. @throws RefusedError when there is any */
  readonly check?: () => Promise<void>
  /** What is in the copy, with digests: of a sample, the rows of its tables alone. */
  readonly contents: () => Promise<Contents>
  /** `Contents.schema` of the copy, without reading its rows. */
  readonly schema: () => Promise<string>
  /** As those of the live database. */
  readonly definitions?: () => Promise<readonly string[]>
  /** Tables whose rows were loaded, where a limit kept the others out; undefined for all. */
  readonly sample?: ReadonlySet<string> | undefined
  /** Rows of the live database that the copy does not have, one JSON text each. */
  readonly newerRows: (table: string) => AsyncIterable<string>
  readonly countNewerRows: (table: string) => Promise<number>
  /** Does what of a swap can be done before it, to be done again where the live database changes meanwhile. Absent where nothing can. */
  readonly prepare?: () => Promise<void>
  /**
   * Puts the copy in the place of the live database, which is kept under the name.
   * Either all of it happens or nothing; clients are cut off for no longer than that takes.
   * @throws ConflictError when clients that may not be cut off hold the database
   */
  readonly swap: (keptName: string) => Promise<void>
  /** Takes the copy away; does nothing after the swap. */
  readonly discard: () => Promise<void>
}

export interface Lock {
  readonly release: () => Promise<void>
}

export interface Kept {
  readonly name: string
  readonly at: Date
}

/** A name that no kept database has: later than all, so that they sort by when they were replaced even where a clock was put back. */
export async function nameKept(engine: BackupEngine, now: Date): Promise<string> {
  const last = (await engine.listKept()).at(-1)?.at.getTime() ?? 0
  return engine.keptName(new Date(Math.max(now.getTime(), last + 1)))
}

/** Name of a database that is kept when it is replaced, e.g. `app_before_20261124110203123`: to the millisecond. */
export function keptName(base: string, at: Date, limitBytes = 63): string {
  const suffix = `_before_${at.toISOString().replace(/\D/g, '')}`
  const room = limitBytes - suffix.length
  // cut by bytes, and never through a character
  let kept = base
  while (Buffer.byteLength(kept) > room) kept = [...kept].slice(0, -1).join('')
  return kept + suffix
}

/** The time in a name made by `keptName` for this base; undefined for any other name. */
export function keptAt(base: string, name: string, limitBytes = 63): Date | undefined {
  const digits = /_before_(\d{17})$/.exec(name)?.[1]
  if (digits === undefined) return undefined
  const [, y, mo, d, h, mi, s, ms] = /^(....)(..)(..)(..)(..)(..)(...)$/.exec(digits) ?? []
  const at = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`)
  return Number.isNaN(at.getTime()) || keptName(base, at, limitBytes) !== name ? undefined : at
}
