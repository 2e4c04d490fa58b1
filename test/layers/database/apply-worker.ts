/** Applies migrations in a process of its own, to be killed. Prints a line before it begins. */
import { z } from 'zod'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { applyMigrations } from '../../../src/layers/database/migrations/apply.ts'
import { openEngine } from '../../../src/layers/database/open.ts'

const { url, files, id, scratch } = z
  .object({ url: z.string(), files: z.record(z.string(), z.string()), id: z.string(), scratch: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''))

const engine = await openEngine(parseConnection(url), { env: process.env, scratch, log: () => {} })
process.stdout.write('begins\n')
await applyMigrations({
  engine,
  folder: 'db',
  revision: { id, paths: Object.keys(files), read: async (path) => files[path] },
  command: undefined,
  allowIrregular: false,
  dryRun: false,
  now: () => new Date(),
  log: () => {},
})
