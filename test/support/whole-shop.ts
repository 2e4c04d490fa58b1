import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stringify } from 'yaml'
import type { Job, StepOptions, StepResult } from '../../src/drill/runner.ts'
import { openCodePush } from '../../src/layers/ota/code-push.ts'
import { connect, showHistory } from './codepush/connect.ts'
import { startMicrosoft } from './codepush/microsoft.ts'
import type { TokenOptions } from './github/tokens.ts'
import { type Files, jobPermissions, openShop } from './repository.ts'
import { runStep } from './run-step.ts'
import { startService } from './service.ts'

/** A shop whose every layer a bad deployment has changed: its code, its database and its app. */
export type WholeShop = Awaited<ReturnType<typeof openWholeShop>>

/**
 * A repository on the emulated GitHub, a SQLite database that the bad revision migrated, an update server with a bad bundle, and a
 * service that answers 500 until the workflow `deploy.yml` has deployed a revision with the good revision's content.
 * @param settings sections of `.github/rollback.yml` in the place of the usual ones; `none` for no such file
 * @param database more of its section on the database
 * @param permissions more of the job's token
 * @param staging true for an environment of that name with a branch of that name, where the deployment broke nothing
 */
export async function openWholeShop({
  settings = {},
  database: moreOfDatabase = {},
  permissions = {},
  staging = false,
}: {
  settings?: Readonly<Record<string, unknown>> | 'none'
  database?: Readonly<Record<string, unknown>>
  permissions?: TokenOptions['permissions']
  staging?: boolean
} = {}) {
  const environment = staging ? 'staging' : 'production'
  const broken = staging ? { status: 200, body: 'new' } : { status: 500, body: 'down' }
  const shop = await openShop({ permissions: { ...jobPermissions, actions: 'write', ...permissions } })
  const updates = await startMicrosoft()
  const service = await startService({ status: 200, body: 'good' })
  const database = join(shop.directory, 'shop.db')
  const storage = join(shop.directory, 'backups')
  const sql = (text: string) => {
    const connection = new DatabaseSync(database)
    try {
      connection.exec(text)
    } finally {
      connection.close()
    }
  }
  const query = (text: string) => {
    const connection = new DatabaseSync(database)
    try {
      return connection
        .prepare(text)
        .all()
        .map((row) => ({ ...row }))
    } finally {
      connection.close()
    }
  }
  sql(`CREATE TABLE product (name TEXT PRIMARY KEY, price REAL); INSERT INTO product VALUES ('Kettle', 24.9);
    CREATE TABLE schema_migrations (version int, dirty boolean)`)

  const config = {
    environment,
    ...(staging && { branch: 'staging' }),
    health: {
      window: '2s',
      interval: '100ms',
      checks: [{ name: 'home', type: 'http', url: service.url, severity: 'critical', 'on-error': 'fail' }],
    },
    rollback: { verify: '2s' },
    code: { redeploy: { workflow: 'deploy.yml', inputs: { revision: '{revision}' } } },
    database: { url: { env: 'DATABASE_URL' }, storage, migrations: 'db', ...moreOfDatabase },
    ota: {
      'server-url': updates.url,
      'access-key': { env: 'CODEPUSH_ACCESS_KEY' },
      'server-kind': 'microsoft',
      channels: ['Shop-ios/Production'],
      'verify-timeout': '2s',
    },
    ...(settings === 'none' ? {} : settings),
  }
  const good = await shop.commit(
    {
      'server.mjs': 'serve()\n',
      ...(settings !== 'none' && { '.github/rollback.yml': stringify(config) }),
      '.github/workflows/deploy.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
    },
    { message: 'Serve products' },
  )
  shop.deploy(good, 'success', environment)
  updates.createApp('Shop-ios')
  updates.release('Shop-ios', { content: 'good' })
  const badFiles: Files = {
    'server.mjs': 'throw 1\n',
    'db/1_stars.up.sql': 'ALTER TABLE product ADD stars;',
    'db/1_stars.down.sql': 'ALTER TABLE product DROP stars;',
  }
  const bad = await shop.commit(badFiles, { message: 'Sort by stars', author: 'Grace' })

  const env = { DATABASE_URL: `sqlite:${database}`, CODEPUSH_ACCESS_KEY: updates.accessKey }
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { ...jobPermissions, actions: 'write', ...permissions },
  })
  const run = async (step: StepOptions, job: Partial<Job> = {}): Promise<StepResult> =>
    runStep(await shop.job({ sha: bad, token, ...job }), { ...step, env: { ...env, ...step.env } })
  if (staging) await shop.hosted.git.moveRef('refs/heads/staging', { from: '', to: bad })
  const backup = await run({
    action: 'db-backup',
    inputs: { 'database-url': env.DATABASE_URL, storage, migrations: 'db' },
  })
  const stopServers = () => Promise.all([service.stop(), updates.stop()])
  if (backup.exitCode !== 0) {
    await stopServers()
    await shop.close()
    throw new Error(`the database was not backed up:\n${backup.log}`)
  }
  sql('ALTER TABLE product ADD stars; INSERT INTO schema_migrations VALUES (1, 0)')
  shop.deploy(bad, 'success', environment)
  updates.release('Shop-ios', { content: 'bad' })
  service.change(broken)

  const client = openCodePush(connect(updates), 'microsoft')
  // what GitHub's runners do with a dispatch of deploy.yml
  const deployed: string[] = []
  let failures = 0
  // looks at all runs after each request: a dispatch is one
  const stopDeploying = shop.github.onRequest(async () => {
    for (const each of shop.hosted.runs) {
      if (each.status !== 'queued') continue
      each.status = 'completed'
      if (failures > 0) {
        failures -= 1
        each.conclusion = 'failure'
        continue
      }
      each.conclusion = 'success'
      deployed.push(each.sha)
      const isGood = (await shop.tree(each.sha)) === (await shop.tree(good))
      service.change(isGood ? { status: 200, body: 'good' } : broken)
    }
  })

  return {
    ...shop,
    good,
    bad,
    /** what the bad revision changes */
    badFiles,
    /** Runs an action as a step, with the secrets of the layers in its environment. */
    run,
    database,
    storage,
    updates,
    /** the app's releases, newest first: `v3<v1 v2! v1` is a copy of v1 on top of a v2 that is disabled */
    releases: () => showHistory(client, 'Shop-ios'),
    service,
    /** the revisions that deploy.yml has deployed */
    deployed,
    /** The next runs of deploy.yml end in failure. */
    failDeploys: (count: number) => {
      failures = count
    },
    sql,
    query,
    columns: () => query("SELECT name FROM pragma_table_info('product')").map(({ name }) => String(name)),
    close: async () => {
      stopDeploying()
      await stopServers()
      await shop.close()
    },
  }
}
