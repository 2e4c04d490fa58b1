/** One backup or restore in a process of its own; prints its peak memory. */
import { z } from 'zod'
import { makeBackup } from '../../src/layers/database/backup.ts'
import { readBackup } from '../../src/layers/database/catalog.ts'
import { parseConnection } from '../../src/layers/database/connection.ts'
import { openEngine } from '../../src/layers/database/open.ts'
import { restoreBackup } from '../../src/layers/database/restore.ts'
import { openFolderStore } from '../../src/layers/database/store/folder.ts'

const { action, url, backups, scratch, name, verify, compression } = z
  .object({
    action: z.enum(['backup', 'restore']),
    url: z.string(),
    backups: z.string(),
    scratch: z.string(),
    name: z.string().default(''),
    verify: z.enum(['checksums', 'full', 'restore']),
    compression: z.enum(['zstd', 'none']).default('zstd'),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

const begun = performance.now()
const log = (line: string) =>
  void process.stdout.write(`${Math.round(performance.now() - begun)} ms ${line}\n`)
const store = openFolderStore(backups)
const common = { store, scratch, now: () => new Date(), log }
const engine = await openEngine(parseConnection(url), { env: process.env, scratch, log })
let made = name
if (action === 'backup') {
  const options = {
    environment: 'production',
    before: '1'.repeat(40),
    migrations: [],
    pinned: false,
    recipient: undefined,
    compression,
  }
  made = (
    await makeBackup({
      ...common,
      ...options,
      engine,
      verify: verify === 'restore' ? 'restore' : 'checksums',
    })
  ).name
} else {
  await restoreBackup({
    ...common,
    engine,
    manifest: await readBackup(store, name),
    identity: undefined,
    verify: verify === 'full' ? 'full' : 'checksums',
    allowDataLoss: true,
    exportTo: undefined,
    keepOldMs: 0,
    dryRun: false,
  })
}
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ name: made, peakMb })}\n`)
process.disconnect?.()
