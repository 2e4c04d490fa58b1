/** The composites: a snapshot before a deploy in one job, and its restoration in another, over artifacts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const workflow = `name: deploy
on: { push: { branches: [main] } }
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: { contents: read, deployments: read }
    outputs: { backup: "\${{ steps.snapshot.outputs.backup }}" }
    steps:
      - id: snapshot
        uses: rollback-suite/rollback/actions/snapshot@v1
        with: { database-url: "\${{ secrets.DATABASE_URL }}", recipient: "\${{ vars.AGE_RECIPIENT }}", retention-days: 3 }
      - run: sqlite3 "$DATABASE_FILE" 'DROP TABLE product; CREATE TABLE broken (a)'
  restore:
    needs: deploy
    runs-on: ubuntu-latest
    permissions: { contents: write, deployments: read }
    steps:
      - id: restore
        uses: rollback-suite/rollback/actions/restore-snapshot@v1
        with: { database-url: "\${{ secrets.DATABASE_URL }}", identity: "\${{ secrets.AGE_IDENTITY }}", reason: the migration dropped a table }
      - run: test "$TAKEN" = "$RESTORED"
        env: { TAKEN: "\${{ needs.deploy.outputs.backup }}", RESTORED: "\${{ steps.restore.outputs.backup }}" }
`

const migrating = `name: migrate
on: { push: { branches: [main] } }
permissions: {}
jobs:
  migrate:
    runs-on: ubuntu-latest
    permissions: { contents: write, deployments: read }
    steps:
      - id: snapshot
        uses: rollback-suite/rollback/actions/snapshot@v1
        with: { database-url: "\${{ secrets.DATABASE_URL }}", recipient: "\${{ vars.AGE_RECIPIENT }}", migrations: db, migrate: true, name: before-migration }
      - run: test "$SEEN" = "backed-up verified $BACKUP 1_stars"
        env:
          SEEN: "\${{ steps.snapshot.outputs.decision }} \${{ steps.snapshot.outputs.reason-code }} \${{ fromJSON(steps.snapshot.outputs.result).backup }} \${{ steps.snapshot.outputs.stands-at }}"
          BACKUP: "\${{ steps.snapshot.outputs.backup }}"
`

describeAct('a snapshot', () => {
  let users: UsersRepository
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapshot-'))
    users = await openUsersRepository()
    await users.push('A shop', { '.github/workflows/deploy.yml': workflow })
  })
  afterAll(async () => {
    await users.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('is taken in one job, and restored in another', async () => {
    const file = join(folder, 'app.db')
    const run = <T>(use: (database: DatabaseSync) => T): T => {
      const database = new DatabaseSync(file)
      try {
        return use(database)
      } finally {
        database.close()
      }
    }
    run((database) =>
      database.exec(
        "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO product VALUES (1, 'Tea; 茶'), (2, NULL)",
      ),
    )
    const identity = await generateIdentity()
    const { log, ...done } = await users.run('.github/workflows/deploy.yml', {
      secrets: { DATABASE_URL: `sqlite:${file}`, AGE_IDENTITY: identity },
      vars: { AGE_RECIPIENT: await identityToRecipient(identity) },
      env: { DATABASE_FILE: file },
    })
    expect({ log, ...done }).toMatchObject({ exitCode: 0, jobs: { deploy: 'success', restore: 'success' } })
    expect(done.steps['deploy.snapshot']?.outputs['artifact-id']).toMatch(/^\d+$/)
    expect(done.steps['restore.restore']?.outputs).toMatchObject({
      decision: 'rolled-back',
      'rows-lost': '0',
    })
    expect(run((database) => database.prepare('SELECT * FROM product').all())).toEqual([
      { id: 1, name: 'Tea; 茶' },
      { id: 2, name: null },
    ])
    expect(log).not.toContain(identity)
    expect(await users.events()).toMatchObject([
      { kind: 'rollback-began', reason: 'the migration dropped a table' },
      { kind: 'rollback-applied', layer: 'database', reason: 'the migration dropped a table' },
      { kind: 'recovery-verified' },
      { kind: 'rollback-ended', outcome: 'rolled-back' },
    ])
  })

  test('with migrate, applies what is pending after the backup is kept; a migration that fails leaves it', async () => {
    const file = join(folder, 'migrated.db')
    const run = <T>(use: (database: DatabaseSync) => T): T => {
      const database = new DatabaseSync(file)
      try {
        return use(database)
      } finally {
        database.close()
      }
    }
    run((database) => database.exec("CREATE TABLE product (name TEXT); INSERT INTO product VALUES ('Tea')"))
    const recipient = await identityToRecipient(await generateIdentity())
    const migrate = () =>
      users.run('.github/workflows/migrate.yml', {
        secrets: { DATABASE_URL: `sqlite:${file}` },
        vars: { AGE_RECIPIENT: recipient },
        env: {},
      })
    await users.push('Stars', {
      '.github/workflows/migrate.yml': migrating,
      'db/1_stars.up.sql': 'ALTER TABLE product ADD stars INT;',
      'db/1_stars.down.sql': 'ALTER TABLE product DROP stars;',
    })
    const { log, ...done } = await migrate()
    expect({ log, ...done }).toMatchObject({ exitCode: 0, jobs: { migrate: 'success' } })
    const outputs: Readonly<Record<string, string>> = done.steps['migrate.snapshot']?.outputs ?? {}
    // of the backup, not of the composite's last step with outputs; a later step sees the same
    expect(outputs).toMatchObject({
      decision: 'backed-up',
      'reason-code': 'verified',
      'stands-at': '1_stars',
    })
    expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({
      decision: 'backed-up',
      backup: outputs['backup'],
    })
    expect(outputs['artifact-id']).toMatch(/^\d+$/)
    expect(run((database) => database.prepare('SELECT * FROM product').all())).toEqual([
      { name: 'Tea', stars: null },
    ])
    // the script that undoes it is recorded
    expect(
      run((database) => database.prepare('SELECT name, down_script FROM migration_history').all()),
    ).toEqual([{ name: '1_stars', down_script: 'ALTER TABLE product DROP stars;' }])

    await users.push('A mistake', {
      'db/2_notes.up.sql': 'CREATE TABLE notes (a); ALTER TABLE nothing ADD a INT;',
    })
    const failed = await migrate()
    expect(failed.jobs).toEqual({ migrate: 'failure' })
    expect(failed.log).toContain('nothing')
    expect(failed.steps['migrate.snapshot']?.outputs['backup']).not.toBe(outputs['backup'])
    expect(
      run((database) => database.prepare("SELECT name FROM sqlite_master WHERE name = 'notes'").all()),
    ).toEqual([])
  })
})
