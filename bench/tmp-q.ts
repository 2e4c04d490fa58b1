import { readFileSync } from 'node:fs'
import pg from 'pg'
import { runWorker, whileQueried } from './support/db-processes.ts'
const kind = process.argv[2] ?? 'postgres'
const url = readFileSync(`/tmp/sp/${kind}.url`, 'utf8').replace('/app', '/tiny')
if (kind === 'postgres') {
  const c = new pg.Client({ connectionString: url.replace('/tiny', '/postgres') }); await c.connect()
  await c.query('DROP DATABASE IF EXISTS tiny WITH (FORCE)'); await c.query('CREATE DATABASE tiny'); await c.end()
  const d = new pg.Client({ connectionString: url }); await d.connect(); await d.query('CREATE TABLE t (id int primary key, v text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1,2000) i; CREATE TABLE spoiled (a int)'); await d.end()
} else {
  const { createConnection } = await import('mysql2/promise')
  const u = new URL(url); const c = await createConnection({ host: u.hostname, port: Number(u.port), user: u.username, password: decodeURIComponent(u.password), multipleStatements: true })
  await c.query('DROP DATABASE IF EXISTS tiny; CREATE DATABASE tiny; CREATE TABLE tiny.t (id int primary key, v varchar(100)); INSERT INTO tiny.t SELECT seq, md5(seq) FROM seq_1_to_2000; CREATE TABLE tiny.spoiled (a int)'); await c.end()
}
const common = { url, backups: '/tmp/sp/tb', scratch: '/tmp/sp/ts' }
const { name } = await runWorker({ ...common, action: 'backup', verify: 'checksums' })
for (let i = 0; i < 4; i++) {
  if (kind === 'postgres') { const d = new pg.Client({ connectionString: url }); await d.connect(); await d.query('INSERT INTO spoiled VALUES (1)'); await d.end() }
  else { const { createConnection } = await import('mysql2/promise'); const u = new URL(url); const c = await createConnection({ host: u.hostname, port: Number(u.port), user: u.username, password: decodeURIComponent(u.password), database: 'tiny' }); await c.query('INSERT INTO spoiled VALUES (1)'); await c.end() }
  const r = await whileQueried(url, { clients: 8, intervalMs: 0 }, () => runWorker({ ...common, action: 'restore', verify: 'checksums', name }))
  console.log(r.calmMs.toFixed(0), r.refusedMs.toFixed(0))
}
