/**
 * Whatever a database holds, it comes back identical by an independent dump, or its backup was refused: generated schema and data,
 * a backup, generated damage, a restore.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RefusedError } from '../../../src/errors.ts'
import { makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { administrator } from '../../support/mariadb.ts'

const environment = useServers()

interface Column {
  readonly type: string
  readonly values: fc.Arbitrary<string>
}

const text = (max: number) =>
  fc
    .string({
      unit: fc.constantFrom(
        'a',
        'Z',
        ' ',
        "'",
        '"',
        '\\',
        '`',
        ';',
        '%',
        '\n',
        '\t',
        'ü',
        '🦆',
        '--',
        '/*',
        '0',
      ),
      maxLength: max,
    })
    .map((value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`)
const bytes = fc.uint8Array({ maxLength: 9 }).map((value) => `x'${Buffer.from(value).toString('hex')}'`)
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? '0' : value.toExponential()))
const float = fc
  .float({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? '0' : value.toExponential()))
const whole = fc.integer().map(String)

const columns: Readonly<Record<'mysql' | 'sqlite', readonly Column[]>> = {
  mysql: [
    { type: 'INT', values: whole },
    { type: 'BIGINT UNSIGNED', values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) },
    { type: 'FLOAT', values: float },
    { type: 'DOUBLE', values: number },
    { type: 'DECIMAL(30,10)', values: whole },
    { type: 'VARCHAR(60) CHARACTER SET utf8mb4', values: text(20) },
    { type: 'TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', values: text(40) },
    { type: 'VARBINARY(20)', values: bytes },
    { type: 'BLOB COMPRESSED', values: bytes },
    { type: 'BIT(17)', values: fc.integer({ min: 0, max: 2 ** 17 - 1 }).map(String) },
    {
      type: 'DATETIME(6)',
      values: fc
        .date({ min: new Date(0), max: new Date('2037-01-01'), noInvalidDate: true })
        .map((at) => `'${at.toISOString().slice(0, 23)}'`),
    },
    { type: "ENUM('x', 'it''s', 'ü')", values: fc.constantFrom("'x'", "'it''s'", "'ü'") },
    {
      type: 'JSON',
      values: fc
        .json({ maxDepth: 2 })
        .map((value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
    },
    { type: 'INT INVISIBLE DEFAULT 4', values: whole },
    {
      type: 'POINT',
      values: fc.tuple(fc.integer(), fc.integer()).map(([x, y]) => `ST_GeomFromText('POINT(${x} ${y})')`),
    },
    { type: 'UUID', values: fc.uuid().map((value) => `'${value}'`) },
  ],
  sqlite: [
    { type: 'INTEGER', values: whole },
    { type: 'REAL', values: number },
    { type: 'TEXT', values: text(20).map((value) => value.replaceAll('\\\\', '\\')) },
    { type: 'BLOB', values: bytes },
    { type: 'TEXT COLLATE NOCASE', values: text(9).map((value) => value.replaceAll('\\\\', '\\')) },
    { type: '', values: fc.oneof(whole, number, bytes) },
  ],
}

const nameOf = fc.string({
  unit: fc.constantFrom('a', 'B', '.', ' ', '?', '%', 'ü', "'", '"', '-'),
  minLength: 1,
  maxLength: 8,
})

interface Table {
  readonly name: string
  readonly extra: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

const tableOf = (kind: 'mysql' | 'sqlite'): fc.Arbitrary<Table> =>
  fc
    .record({
      name: nameOf,
      columns: fc.array(fc.constantFrom(...columns[kind]), { minLength: 1, maxLength: 6 }),
      extra: fc.constantFrom(
        ...(kind === 'mysql'
          ? [
              '',
              'ENGINE = MyISAM',
              'WITH SYSTEM VERSIONING',
              'ROW_FORMAT = COMPRESSED',
              'PARTITION BY HASH (id) PARTITIONS 3',
            ]
          : ['', 'WITHOUT ROWID']),
      ),
      count: fc.integer({ min: 0, max: 8 }),
    })
    .chain(({ count, ...table }) =>
      fc
        .array(fc.tuple(...table.columns.map(({ values }) => fc.option(values, { nil: 'NULL' }))), {
          minLength: count,
          maxLength: count,
        })
        .map((rows) => ({ ...table, rows })),
    )
    .filter(
      // MariaDB itself has no such table
      ({ extra, columns }) => !extra.startsWith('PARTITION') || columns.every(({ type }) => type !== 'POINT'),
    )

const schemaOf = (kind: 'mysql' | 'sqlite') =>
  fc.record({
    tables: fc.uniqueArray(tableOf(kind), {
      minLength: 1,
      maxLength: 3,
      selector: ({ name }) => name.trim().toLowerCase(),
    }),
    view: fc.boolean(),
    damage: fc.array(fc.constantFrom('drop', 'delete', 'add', 'change'), { minLength: 1, maxLength: 3 }),
  })

const quote = (kind: 'mysql' | 'sqlite', name: string) =>
  kind === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`

function statementsFor(kind: 'mysql' | 'sqlite', tables: readonly Table[], view: boolean): string[] {
  const q = (name: string) => quote(kind, name)
  const made = tables.flatMap(({ name, extra, columns: own, rows }, at) => {
    const table = q(`${at}${name.trimEnd()}x`)
    return [
      `CREATE TABLE ${table} (id INT PRIMARY KEY, ${own.map(({ type }, index) => `c${index} ${type}`).join(', ')}) ${extra}`,
      ...rows.map(
        (values, row) =>
          `INSERT INTO ${table} (id, ${values.map((_, index) => `c${index}`).join(', ')}) VALUES (${row}, ${values.join(', ')})`,
      ),
      // a history, where the table keeps one
      `DELETE FROM ${table} WHERE id = 0`,
      ...(view ? [`CREATE VIEW ${q(`v${at}`)} AS SELECT id, c0 FROM ${table}`] : []),
    ]
  })
  return kind === 'mysql' ? ["SET sql_mode = ''", ...made] : made
}

function damageFor(kind: 'mysql' | 'sqlite', tables: readonly Table[], damage: readonly string[]): string[] {
  const { name } = tables[0] ?? { name: '' }
  const table = quote(kind, `0${name.trimEnd()}x`)
  const [first = ''] = damage
  const how: Readonly<Record<string, readonly string[]>> = {
    drop: [
      ...(kind === 'mysql' ? ['DROP VIEW IF EXISTS v0'] : ['DROP VIEW IF EXISTS v0']),
      `DROP TABLE ${table}`,
    ],
    delete: [`DELETE FROM ${table}`],
    add: [`INSERT INTO ${table} (id) VALUES (99)`],
    change: [`UPDATE ${table} SET c0 = NULL`],
  }
  return [...(how[first] ?? []), 'CREATE TABLE spoiled (a INT)']
}

async function dump(kind: 'mysql' | 'sqlite', database: TestDatabase): Promise<string> {
  if (kind === 'sqlite')
    return execFileSync('sqlite3', [join(environment.folder, 'shop'), '.dump'], { encoding: 'utf8' })
  const { port, sql } = environment.servers.mysql
  const connect = ['--no-defaults', '-h127.0.0.1', `-P${port}`, `-u${administrator.name}`]
  const printed = execFileSync(
    'mariadb-dump',
    [...connect, '--hex-blob', '--dump-history', '--order-by-primary', '--skip-comments', '--', 'shop'],
    { env: { PATH: process.env['PATH'], MYSQL_PWD: administrator.password }, encoding: 'utf8' },
  )
  const floats: unknown[] = []
  for (const { name } of (await database.contents()).tables)
    for (const column of await (await database.engine()).columnsOf(name))
      floats.push(
        await sql(
          'shop',
          `SELECT HEX(CAST(${quote('mysql', column)} + 0e0 AS CHAR)) AS v FROM ${quote('mysql', name)} ORDER BY 1`,
        ).catch(() => []),
      )
  return `${printed}\n${JSON.stringify(floats)}`
}

test.each(['mysql', 'sqlite'] as const)(
  'on %s, what is backed up comes back identical, or the backup was refused',
  async (kind) => {
    let restored = 0
    await fc.assert(
      fc.asyncProperty(schemaOf(kind), async ({ tables, view, damage }) => {
        if (kind === 'sqlite') execFileSync('rm', ['-f', join(environment.folder, 'shop')])
        const database = await makeDatabase(kind, environment.servers, environment.folder)
        await database.run(...statementsFor(kind, tables, view))
        const before = await dump(kind, database)
        const manifest = await database.back().catch((error: unknown) => {
          if (error instanceof RefusedError) return undefined
          throw error
        })
        if (manifest === undefined) return
        await database.run(...damageFor(kind, tables, damage))
        await database.restore(manifest)
        expect(await dump(kind, database)).toBe(before)
        restored += 1
      }),
      { numRuns: 15, interruptAfterTimeLimit: 150_000 },
    )
    // a backup that is always refused would be no backup
    expect(restored).toBeGreaterThan(5)
  },
)
