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

describeAct('a snapshot', () => {
  let users: UsersRepository
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapshot-'))
    users = await openUsersRepository()
    await users.push('A shop', { '.github/workflows/deploy.yml': workflow })
  }, 60_000)
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
      { kind: 'rollback-applied', layer: 'database', reason: 'the migration dropped a table' },
    ])
  }, 60_000)
})
