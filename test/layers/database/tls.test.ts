/** Servers that take no session without TLS, and certificates that are right or not. */
import { chmodSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import type { Engine } from '../../../src/layers/database/engine.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { type MariaDbServer, startMariaDb } from '../../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'

let folder: string
let certificates: Certificates
let server: { postgres: PostgresServer; mysql: MariaDbServer }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-'))
  // the servers run as users of their own
  chmodSync(folder, 0o755)
  certificates = makeCertificates(folder, 'localhost')
  chmodSync(certificates.key, 0o644)
  server = {
    postgres: await startPostgres({ tls: certificates }),
    mysql: await startMariaDb({ tls: certificates }),
  }
  await server.postgres.sql('postgres', 'CREATE DATABASE shop')
  await server.postgres.sql('shop', 'CREATE TABLE t (v int); INSERT INTO t VALUES (1)')
  await server.mysql.sql(undefined, 'CREATE DATABASE shop')
  await server.mysql.sql('shop', 'CREATE TABLE t (v int)', 'INSERT INTO t VALUES (1)')
})
afterAll(async () => {
  await Promise.all([server.postgres.stop(), server.mysql.stop()])
  await rm(folder, { recursive: true, force: true })
})

type Kind = 'postgres' | 'mysql'

function open(kind: Kind, query: string, host = 'localhost'): Promise<Engine> {
  const url = `${server[kind].url('shop').replace('127.0.0.1', host)}?${query}`
  return openEngine(parseConnection(url), {
    env: process.env,
    scratch: join(folder, `tools-${kind}`),
    log: () => {},
  })
}

/** The cipher of our own session, or that there is one. */
const cipherOf: Readonly<Record<Kind, string>> = {
  postgres: 'SELECT cipher AS cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  mysql:
    "SELECT VARIABLE_VALUE AS cipher FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'",
}

test('a MariaDB with the certificate of another host is not trusted', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'tls-'))
  chmodSync(elsewhere, 0o755)
  const tls = makeCertificates(elsewhere, 'db.example.com')
  chmodSync(tls.key, 0o644)
  const other = await startMariaDb({ tls })
  try {
    const url = `${other.url('shop').replace('127.0.0.1', 'localhost')}?sslmode=verify-full&sslrootcert=${tls.authority}`
    const engine = await openEngine(parseConnection(url), {
      env: process.env,
      scratch: folder,
      log: () => {},
    })
    await expect(engine.inspect('backup')).rejects.toThrow(/altnames/)
  } finally {
    await other.stop()
    await rm(elsewhere, { recursive: true, force: true })
  }
})

describe.each(['postgres', 'mysql'] as const)('%s', (kind) => {
  test.each(['require', 'verify-full'])(
    'is backed up and restored with sslmode %s, tools and all',
    async (mode) => {
      const trust = mode === 'require' ? '' : `&sslrootcert=${certificates.authority}`
      const engine = await open(kind, `sslmode=${mode}${trust}`)
      const [row] = await engine.query(cipherOf[kind])
      expect(row?.['cipher']).toMatch(/^TLS_/)
      const common = {
        engine,
        store: openFolderStore(join(folder, `backups-${kind}`)),
        scratch: join(folder, `scratch-${kind}`),
        now: () => new Date(),
        log: () => {},
      }
      const manifest = await makeBackup({
        ...common,
        environment: 'production',
        before: '1'.repeat(40),
        migrations: [],
        pinned: false,
        recipient: undefined,
        verify: 'restore',
      })
      await engine.runScript({ script: 'UPDATE t SET v = 2;', after: [], transaction: false })
      const { outcome } = await restoreBackup({
        ...common,
        manifest,
        identity: undefined,
        verify: 'full',
        allowDataLoss: true,
        exportTo: undefined,
        keepOldMs: 0,
        dryRun: false,
      })
      expect(outcome).toBe('restored')
      expect(await engine.query('SELECT v FROM t')).toEqual([{ v: '1' }])
    },
  )

  test('is not talked to in the clear when it wants TLS', async () => {
    await expect((await open(kind, 'sslmode=disable')).inspect('backup')).rejects.toThrow(
      /no encryption|access denied/i,
    )
  })

  test('is not trusted with a certificate of another authority, or of another name', async () => {
    const other = await open(kind, `sslmode=verify-full&sslrootcert=${certificates.otherAuthority}`)
    await expect(other.inspect('backup')).rejects.toThrow(/certificate/i)
    const unknown = await open(kind, 'sslmode=verify-full')
    await expect(unknown.inspect('backup')).rejects.toThrow(/certificate/i)
    const name = await open(kind, `sslmode=verify-full&sslrootcert=${certificates.authority}`, '127.0.0.1')
    await expect(name.inspect('backup')).rejects.toThrow(/altnames|write the name in the certificate/)
  })

  test('is not asked when the file of certificates is not there', async () => {
    const engine = await open(kind, 'sslmode=verify-full&sslrootcert=/nowhere.pem')
    await expect(engine.inspect('backup')).rejects.toThrow(/certificates \/nowhere\.pem.*cannot be read/)
  })
})
