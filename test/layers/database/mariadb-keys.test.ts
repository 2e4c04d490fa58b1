/** Foreign keys of the live database, of those that were replaced, and of others, after a restore. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { nameKept } from '../../../src/layers/database/engine.ts'
import { makeMariaDb, type TestDatabase } from '../../support/databases.ts'
import { type MariaDbServer, startMariaDb } from '../../support/mariadb.ts'

let server: MariaDbServer
let folder: string
let shop: TestDatabase
beforeAll(async () => {
  server = await startMariaDb()
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'))
  shop = await makeMariaDb(server, folder)
  await server.sql(undefined, 'DROP DATABASE IF EXISTS other', 'CREATE DATABASE other')
  server.script('shop', schema)
})
afterEach(async () => {
  // in the database that was replaced, nothing holds what is in others: it can be dropped with the checks on
  for (const name of (await shop.names()).toReversed()) await server.sql(undefined, `DROP DATABASE ${name}`)
  await server.sql(undefined, 'DROP DATABASE other')
  await rm(folder, { recursive: true, force: true })
})

const schema = `CREATE TABLE other.country (code CHAR(2) PRIMARY KEY);
INSERT INTO other.country VALUES ('de'), ('fr');
CREATE TABLE customer (id INT PRIMARY KEY, country CHAR(2), boss INT,
  CONSTRAINT boss FOREIGN KEY (boss) REFERENCES customer (id),
  CONSTRAINT \`of \`\`country\` FOREIGN KEY (country) REFERENCES other.country (code) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE orders (id INT PRIMARY KEY, customer INT, country CHAR(2), amount FLOAT,
  CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customer (id) ON DELETE CASCADE,
  CONSTRAINT shipped_to FOREIGN KEY (country) REFERENCES other.country (code));
INSERT INTO customer VALUES (1, 'de', NULL), (2, 'fr', 1);
INSERT INTO orders VALUES (1, 1, 'de', 0.1), (2, 2, NULL, 16777216);`

/** Each key by its database and table, and by those that it refers to. */
async function keys(): Promise<readonly string[]> {
  const rows = await server.sql(
    undefined,
    "SELECT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME, ' ', CONSTRAINT_NAME, ': ', UNIQUE_CONSTRAINT_SCHEMA, '.', REFERENCED_TABLE_NAME, ' ', DELETE_RULE, ', ', UPDATE_RULE) AS k FROM information_schema.REFERENTIAL_CONSTRAINTS ORDER BY 1",
  )
  return rows.map(({ k }) => String(k))
}

const of = (database: string, all: readonly string[]) => all.filter((key) => key.startsWith(`${database}.`))

test('each key of the live database refers to what it did, and none of the replaced one leaves it', async () => {
  const before = await keys()
  expect(before).toHaveLength(4)
  const manifest = await shop.back()
  expect(await keys()).toEqual(before)
  await shop.run('SET foreign_key_checks = 0', 'DROP TABLE customer')
  const { kept = '' } = await shop.restore(manifest)

  const after = await keys()
  expect(of('shop', after)).toEqual(before)
  expect(of(kept, after)).toEqual([])
  expect(after).toHaveLength(before.length)
})

test('the rows of a replaced database hold no row of the live and of another one, and are not deleted with them', async () => {
  const manifest = await shop.back()
  await shop.run('SET foreign_key_checks = 0', 'DROP TABLE customer')
  const { kept = '' } = await shop.restore(manifest)
  await shop.run('DELETE FROM customer WHERE id = 2')
  expect(await server.sql('shop', 'SELECT id FROM orders')).toEqual([{ id: 1 }])
  await shop.run("DELETE FROM other.country WHERE code = 'fr'", 'DELETE FROM orders')
  expect(await server.sql(kept, 'SELECT COUNT(*) AS n FROM orders')).toEqual([{ n: 2 }])
  await expect(shop.run("INSERT INTO customer VALUES (3, 'xx', 1)")).rejects.toThrow(/foreign key/)
})

test('a table that a bad migration dropped does not bind the replaced one to the new, and the next backup and restore work', async () => {
  const manifest = await shop.back()
  await shop.run('SET foreign_key_checks = 0', 'DROP TABLE customer')
  await shop.restore(manifest)
  const second = await shop.back()
  await shop.run('DELETE FROM orders')
  expect(await shop.restore(second)).toMatchObject({ outcome: 'restored' })
  expect(await shop.contents()).toMatchObject({ schema: manifest.contents.schema })
})

test('a database that is put back has the keys that it had', async () => {
  const manifest = await shop.back()
  await shop.run('SET foreign_key_checks = 0', 'DROP TABLE customer')
  const bad = await keys()
  expect(bad).toContain('shop.orders buyer: shop.customer CASCADE, RESTRICT')
  const { kept = '' } = await shop.restore(manifest)
  const engine = await shop.engine()
  const keepAs = await nameKept(engine, new Date())
  await engine.putBack(kept, keepAs)
  const after = await keys()
  expect(of('shop', after)).toEqual(bad)
  expect(of(keepAs, after)).toEqual([
    `${keepAs}.customer boss: ${keepAs}.customer RESTRICT, RESTRICT`,
    `${keepAs}.orders buyer: ${keepAs}.customer CASCADE, RESTRICT`,
  ])
})

test('a key to another database that cannot be created any more is refused before the swap', async () => {
  const manifest = await shop.back()
  await server.sql(
    'other',
    'SET foreign_key_checks = 0',
    'DROP TABLE country',
    'CREATE TABLE country (code INT PRIMARY KEY)',
  )
  await shop.run('DELETE FROM orders')
  const before = await shop.contents()
  await expect(shop.restore(manifest)).rejects.toThrow(/^foreign key of `country cannot be created: /)
  expect(await shop.contents()).toEqual(before)
  expect(await shop.names()).toEqual(['shop'])
})

test('while a copy is beside, its rows hold no row of another database', async () => {
  const manifest = await shop.back()
  const engine = await shop.engine()
  const held: unknown[] = []
  await shop.run('DELETE FROM orders', 'DELETE FROM customer WHERE id = 2', 'DELETE FROM customer')
  await shop.restore(manifest, {
    dryRun: true,
    log: (line) => {
      if (line.includes('the copy beside')) held.push(server.sql('other', 'DELETE FROM country'))
    },
  })
  expect(held).toHaveLength(1)
  await Promise.all(held)
  expect(await engine.listKept()).toEqual([])
})

test('a copy that was left by a kill after the swap goes with the next run, although that finds all restored', async () => {
  const manifest = await shop.back()
  const left = 'shop_restoring_0a1b2c3d'
  await server.sql(undefined, `CREATE DATABASE ${left}`)
  expect(await shop.restore(manifest)).toMatchObject({ outcome: 'already-restored' })
  expect(await shop.names()).toEqual(['shop'])
})

test('of a server that is no MariaDB, nothing is backed up, restored or migrated: it is named', async () => {
  const mysql = await startMariaDb({ version: '8.0.36' })
  try {
    const other = await makeMariaDb(mysql, folder)
    mysql.script('shop', 'CREATE TABLE t (id INT PRIMARY KEY)')
    const refusal = 'the server is MySQL 8.0.36, and only MariaDB is supported'
    for (const purpose of ['backup', 'restore'] as const)
      await expect((await other.engine()).inspect(purpose)).rejects.toThrow(refusal)
    await expect(other.back()).rejects.toThrow(refusal)
  } finally {
    await mysql.stop()
  }
})

test('what is dropped, emptied or changed in the restored database changes nothing in the replaced one, of names as Chinook has them', async () => {
  server.script('shop', `DROP TABLE orders, customer; ${chinook}`)
  const manifest = await shop.back()
  // a bad migration, which took one table and made another of its name
  await shop.run(
    'SET foreign_key_checks = 0',
    'DROP TABLE Artist',
    'CREATE TABLE Genre (GenreId INT PRIMARY KEY)',
    "INSERT INTO Album VALUES (3, 'Newer', 9)",
  )
  const { kept = '' } = await shop.restore(manifest, { allowDataLoss: true })
  const read = async () => {
    const tables = ['Album', 'Employee', 'Customer', 'Invoice', 'Track']
    const found: unknown[] = []
    for (const table of tables) {
      const [row] = await server.sql(kept, `SHOW CREATE TABLE ${table}`)
      found.push(row?.['Create Table'], await server.sql(kept, `SELECT * FROM ${table} ORDER BY 1`))
    }
    return found
  }
  const before = await read()
  expect(before).toHaveLength(10)
  for (const text of before.filter((each) => typeof each === 'string'))
    expect(text).not.toMatch(/REFERENCES `\w+`\.|CONSTRAINT `FK_AlbumArtistId/)
  expect(of(kept, await keys()).every((key) => key.includes(`: ${kept}.`))).toBe(true)
  expect(of(kept, await keys())).toHaveLength(4)
  expect(of('shop', await keys()).every((key) => key.includes(': shop.'))).toBe(true)

  // with the checks on: keys within the restored one hold, and cascade, within it alone
  await expect(shop.run('DELETE FROM Artist')).rejects.toThrow(/foreign key constraint fails/)
  await expect(shop.run('TRUNCATE Artist')).rejects.toThrow(/foreign key/)
  await shop.run(
    'DELETE FROM Employee WHERE EmployeeId = 1',
    'UPDATE Album SET AlbumId = AlbumId + 100',
    'DELETE FROM Album',
    'TRUNCATE Invoice',
    'DROP TABLE Invoice, Customer, Employee, Track, Album, Artist',
  )
  expect(await read()).toEqual(before)
  // and the other way round
  await expect(server.sql(kept, 'DELETE FROM Employee WHERE EmployeeId = 1')).resolves.toBeDefined()
  expect(await server.sql(kept, 'SELECT count(*) AS n FROM Invoice')).toEqual([{ n: 0 }])
})

const chinook = `CREATE TABLE Artist (ArtistId INT PRIMARY KEY, Name VARCHAR(120));
CREATE TABLE Album (AlbumId INT PRIMARY KEY, Title VARCHAR(160), ArtistId INT,
  CONSTRAINT FK_AlbumArtistId FOREIGN KEY (ArtistId) REFERENCES Artist (ArtistId));
CREATE TABLE Track (TrackId INT PRIMARY KEY, AlbumId INT,
  CONSTRAINT FK_TrackAlbumId FOREIGN KEY (AlbumId) REFERENCES Album (AlbumId) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE Employee (EmployeeId INT PRIMARY KEY, ReportsTo INT,
  CONSTRAINT FK_EmployeeReportsTo FOREIGN KEY (ReportsTo) REFERENCES Employee (EmployeeId) ON DELETE CASCADE);
CREATE TABLE Customer (CustomerId INT PRIMARY KEY, SupportRepId INT,
  CONSTRAINT FK_CustomerSupportRepId FOREIGN KEY (SupportRepId) REFERENCES Employee (EmployeeId) ON DELETE CASCADE);
CREATE TABLE Invoice (InvoiceId INT PRIMARY KEY, CustomerId INT,
  CONSTRAINT FK_InvoiceCustomerId FOREIGN KEY (CustomerId) REFERENCES Customer (CustomerId) ON DELETE CASCADE);
INSERT INTO Artist VALUES (1, 'AC/DC'), (2, 'Accept');
INSERT INTO Album VALUES (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2);
INSERT INTO Track VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO Employee VALUES (1, NULL), (2, 1);
INSERT INTO Customer VALUES (1, 1), (2, 2);
INSERT INTO Invoice VALUES (1, 1), (2, 2);`
