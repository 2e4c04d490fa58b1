import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { InputError, RefusedError } from '../../errors.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const size = z.number().int().nonnegative()

/** Names of backups and of their parts become paths and keys: nothing but what is harmless in both. */
const backupNameSchema = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
const partNameSchema = backupNameSchema

const contentsSchema = z.object({
  tables: z.array(z.object({ name: z.string(), rows: size, digest: z.string().optional() })),
  schema: sha256,
  image: sha256.optional(),
  orphans: size.optional(),
  sequences: sha256.optional(),
})

/** How a backup was verified when it was made, and what came of it. */
const verificationSchema = z.object({
  /**
   * `restore`: restored once, and compared whole; `sample`: its schema and the rows of some tables were; `checksums`: only the
   * stored bytes were read again
   */
  level: z.enum(['restore', 'sample', 'checksums']),
  at: z.iso.datetime(),
  /** where it was restored */
  on: z.enum(['same-server', 'other-server', 'local-server']).optional(),
  /** the tables of a sample */
  tables: z.array(z.string()).optional(),
  /** how long that took */
  ms: size.optional(),
  /** why it cannot be restored: the backup is failed */
  failure: z.string().optional(),
})

const migrationSchema = z.object({
  name: z.string(),
  /** the script that undoes it, as it was when it was applied; absent where there is none */
  down: z.string().optional(),
  checksum: sha256.optional(),
  revision: z.string().optional(),
})

/**
 * The version of what a backup is: of this manifest, of how the parts are stored, and of the digests of schema and rows. A
 * change of any of these makes a new version, as a restore compares the digests of a backup with those that it takes itself.
 */
export const formatVersion = 3

/** What a backup says of itself. Written last: without it, there is no backup. */
const manifestSchema = z.object({
  format: z.literal(formatVersion),
  name: backupNameSchema,
  engine: z.enum(['sqlite', 'postgres', 'mysql']),
  database: z.string(),
  /** identifies the database it was made of */
  source: z.string(),
  server: z.string(),
  tool: z.string(),
  environment: z.string(),
  /** the revision that was about to be deployed: the backup is from before it */
  before: z.string(),
  createdAt: z.iso.datetime(),
  /** kept whatever the retention says */
  pinned: z.boolean(),
  encrypted: z.boolean(),
  compression: z.enum(['zstd', 'none']),
  contents: contentsSchema,
  migrations: z.array(migrationSchema),
  parts: z.array(
    z.object({
      name: partNameSchema,
      /** the stored bytes: compressed and encrypted where asked for */
      size,
      sha256,
      /** bytes of what was dumped */
      plainSize: size,
    }),
  ),
  verification: verificationSchema,
})

export type Manifest = z.infer<typeof manifestSchema>
export type Verification = z.infer<typeof verificationSchema>
export type RecordedMigration = z.infer<typeof migrationSchema>

/** @throws InputError for a name that could leave the place where backups are kept, without naming the input */
export function parseBackupName(text: string): string {
  const parsed = backupNameSchema.safeParse(text)
  if (!parsed.success)
    throw new InputError(`is "${text}"; write the name of a backup, of letters, digits, dots and dashes`)
  return parsed.data
}

/** A name that sorts by time: `20261124T110203Z-1a2b3c4-9f8e7d`. */
export function newBackupName(at: Date, before: string): string {
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '')
  return `${stamp}-${before.slice(0, 7)}-${randomBytes(3).toString('hex')}`
}

/** How far the clocks of two machines may differ, ms. */
const clockSkewMs = 10 * 60_000

/** True for a backup that says it was made later than now: which one is the newest is not known then. */
export function isFromFuture({ createdAt }: Pick<Manifest, 'createdAt'>, now: Date): boolean {
  return Date.parse(createdAt) - now.getTime() > clockSkewMs
}

/** The time in a name made by `newBackupName`; undefined for any other. */
export function backupTime(name: string): Date | undefined {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(name) ?? []
  const at = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** The manifest as it is stored, with its own digest, so that no byte of it can change unseen. */
export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify({ sha256: digestOf(manifest), manifest }, null, 1)}\n`
}

/** @throws RefusedError when it was cut, changed, belongs to another backup, or is of another format */
export function readManifest(text: string, name: string): Manifest {
  const refuse = (why: string) => new RefusedError(`backup ${name} is damaged: its manifest ${why}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw refuse('is not JSON')
  }
  refuseFormat(versionedSchema.safeParse(json).data?.manifest ?? {}, name)
  const parsed = z.object({ sha256, manifest: manifestSchema }).safeParse(json)
  if (!parsed.success) throw refuse('is not one of a backup')
  const { manifest } = parsed.data
  if (digestOf(manifest) !== parsed.data.sha256) throw refuse('was changed after it was written')
  if (manifest.name !== name) throw refuse(`is that of backup ${manifest.name}`)
  return manifest
}

const versionedSchema = z.object({
  manifest: z.object({ format: z.unknown().optional(), schema: z.unknown().optional() }),
})

/** Its digests would say that another backup is damaged, or not see that it is. */
function refuseFormat({ format, schema }: { format?: unknown; schema?: unknown }, name: string): void {
  if (format === formatVersion) return
  // until there were versions of the format
  const isFirst = format === undefined && schema === 1
  if (!isFirst && !(typeof format === 'number' && Number.isSafeInteger(format) && format > 0))
    throw new RefusedError(`backup ${name} is damaged: its manifest has no format version`)
  const found = isFirst ? 'no format version' : `format ${String(format)}`
  const isOlder = isFirst || Number(format) < formatVersion
  throw new RefusedError(
    `backup ${name} has ${found}, and this version of the actions reads format ${formatVersion}: ${
      isOlder
        ? 'restore it with the version that made it, and make a new backup with this one'
        : 'use the version that made it, or a newer one'
    }`,
  )
}

function digestOf(manifest: Manifest): string {
  return createHash('sha256')
    .update(JSON.stringify(manifestSchema.parse(manifest)))
    .digest('hex')
}
