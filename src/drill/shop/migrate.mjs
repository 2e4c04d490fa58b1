// Applies the migrations that the database does not have yet, and writes down what undoes each: no later checkout may have it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const database = new DatabaseSync(process.env.DATABASE)
database.exec(`CREATE TABLE IF NOT EXISTS migration_history
  (name TEXT, direction TEXT, executed_at TEXT, checksum TEXT, revision TEXT, down_script TEXT)`)
const latest = database.prepare(
  'SELECT direction FROM migration_history WHERE name = ? ORDER BY executed_at DESC',
)
const record = database.prepare('INSERT INTO migration_history VALUES (?, ?, ?, ?, ?, ?)')

const folder = new URL('./db/', import.meta.url)
const read = (name) => readFileSync(new URL(name, folder), 'utf8')
for (const file of readdirSync(folder).sort()) {
  const name = file.replace(/\.up\.sql$/, '')
  if (name === file || latest.get(name)?.direction === 'up') continue
  const checksum = createHash('sha256').update(read(file)).digest('hex')
  const at = new Date().toISOString().slice(0, 23).replace('T', ' ')
  database.exec('BEGIN')
  database.exec(read(file))
  record.run(name, 'up', at, checksum, process.env.REVISION, read(`${name}.down.sql`))
  database.exec('COMMIT')
}
