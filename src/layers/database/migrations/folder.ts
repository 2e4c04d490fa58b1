import { createHash } from 'node:crypto'

/** A migration as a folder of a revision has it. */
export interface MigrationFile {
  /** the file's name less what says its direction, e.g. `003_add_stars` */
  readonly name: string
  /** the digits it begins with; the name itself where there are none */
  readonly version: string
  /** path of the script that applies it, or of the program that does both */
  readonly up: string
  /** path of the script that undoes it; the same as `up` where one file holds both */
  readonly down: string | undefined
  /** a program of a tool such as knex, which only that tool can run */
  readonly program: boolean
}

export interface DownScript {
  /** undefined where there is none, or nothing in it: then the migration cannot be undone */
  readonly sql: string | undefined
  /** false where the file says that it must not run in a transaction */
  readonly transaction: boolean
  /** SHA-256 of the file that applies it */
  readonly checksum: string
}

const programs = /\.(?:[cm]?[jt]s|py|rb|php|go)$/

/**
 * The migrations among the files of a folder, in the order in which they are applied. Understood are golang-migrate and
 * plain (`3_x.up.sql`, `3_x.down.sql`), dbmate and goose (one `3_x.sql`), Flyway (`V3__x.sql`, `U3__x.sql`), Prisma
 * (`3_x/migration.sql`) and, by name only, the programs of other tools.
 */
export function listMigrations(paths: readonly string[], folder: string): readonly MigrationFile[] {
  const prefix = folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`
  const own = new Set(paths.filter((path) => path.startsWith(prefix)))
  const has = (file: string) => (own.has(`${prefix}${file}`) ? `${prefix}${file}` : undefined)
  return [...own]
    .map((path) => path.slice(prefix.length))
    .flatMap((file): MigrationFile[] => {
      const up = `${prefix}${file}`
      const [, prisma] = /^([^/]+)\/migration\.sql$/.exec(file) ?? []
      if (prisma !== undefined) return [describe(prisma, { up, down: has(`${prisma}/down.sql`) })]
      if (file.includes('/') || /\.down\.sql$|^U.*__.*\.sql$/.test(file)) return []
      const [, paired] = /^(.+)\.up\.sql$/.exec(file) ?? []
      if (paired !== undefined) return [describe(paired, { up, down: has(`${paired}.down.sql`) })]
      const [, flyway] = /^V(.+__.+)\.sql$/.exec(file) ?? []
      if (flyway !== undefined) return [describe(flyway, { up, down: has(`U${flyway}.sql`) })]
      if (file.endsWith('.sql')) return [describe(file.replace(/\.sql$/, ''), { up, down: up })]
      if (!/^\d/.test(file) || !programs.test(file) || file.endsWith('.d.ts')) return []
      return [{ ...describe(file, { up, down: undefined }), program: true }]
    })
    .sort((a, b) => compareVersions(a.version, b.version) || (a.name < b.name ? -1 : 1))
}

function describe(name: string, files: Pick<MigrationFile, 'up' | 'down'>): MigrationFile {
  const [, digits] = /^(\d+(?:[._]\d+)*)(?=[_.-]|$)/.exec(name) ?? []
  return { name, version: digits?.replaceAll('_', '.') ?? name, ...files, program: false }
}

/** By number, whatever the leading zeros and however long: `9` before `10` before `20261124110203`. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split('.').map((part) => part.replace(/^0+(?=\d)/, '')))
  for (let at = 0; at < Math.max(x?.length ?? 0, y?.length ?? 0); at += 1) {
    const [left = '', right = ''] = [x?.[at], y?.[at]]
    const order = left.length - right.length || (left < right ? -1 : Number(left > right))
    if (order !== 0) return order
  }
  return 0
}

/** Reads the script that undoes a migration. @param read the text of a path, undefined when it is not there */
export async function readDown(
  file: MigrationFile,
  read: (path: string) => Promise<string | undefined>,
): Promise<DownScript> {
  const hasOwn = !file.program && file.down !== undefined && file.down !== file.up
  const [up = '', down = ''] = await Promise.all([read(file.up), hasOwn ? read(file.down) : ''])
  const checksum = createHash('sha256').update(up).digest('hex')
  if (file.program || file.down === undefined) return { sql: undefined, transaction: true, checksum }
  if (hasOwn) return { ...parseDown(down), checksum }
  const [, options, both] =
    /^-- *(?:migrate:down|\+goose +Down|\+migrate +Down)([^\n]*)\n?([\s\S]*)$/im.exec(up) ?? []
  if (both === undefined) return { sql: undefined, transaction: true, checksum }
  const outside =
    /transaction:false|notransaction/i.test(options ?? '') || /^-- *\+goose +NO TRANSACTION/im.test(up)
  const parsed = parseDown(both)
  return { ...parsed, transaction: parsed.transaction && !outside, checksum }
}

/** A script of comments alone undoes nothing. */
function parseDown(text: string): Pick<DownScript, 'sql' | 'transaction'> {
  const isEmpty = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === ''
  const irreversible = /^-- *rollback:irreversible/im.test(text)
  return { sql: isEmpty || irreversible ? undefined : text, transaction: true }
}
