import { z } from 'zod'
import { duration, line, plainPath, secretVariable, section } from './fields.ts'
import { configuredLayers, failureRules, issueTypes } from './rollback-choices.ts'
import { quote, suggest } from './suggest.ts'

const layers = z
  .array(z.enum(configuredLayers))
  .min(1, 'is empty; write a layer such as `code`, or leave the key out')
/** How the front door goes about it. */
export function rollbackSchema() {
  return section({
    strategies: section(
      Object.fromEntries(
        issueTypes.map((type) => [
          type,
          layers.optional().describe(`Layers for the issue type \`${type}\`. Default: as described above.`),
        ]),
      ),
    )
      .prefault({})
      .describe(
        'Which layers are rolled back for which type of issue. Default: `code-bug` rolls back the code; `config-error` the feature flags and the configuration, or else the code; `database-corruption` the database; `performance` the over-the-air update, or else the code; `unknown` everything that the deployment changed.',
      ),
    'on-failure': z
      .enum(failureRules)
      .default('stop')
      .describe(
        'When a layer fails: `stop` leaves the rest as it is, `continue` proceeds with the next one, `undo` restores the completed layers from their safety copies.',
      ),
    'daily-cap': z
      .number()
      .int('must be a whole number; write for example `3`')
      .min(0, 'must be 0 or more')
      .default(3)
      .describe('How often the environment may be rolled back automatically within 24 hours.'),
    'max-age': duration({ unit: 'd' })
      .prefault('7d')
      .describe('How old the failed revision of an automatic rollback may be.'),
    'plan-valid': duration({ min: 1000, unit: 'h' })
      .prefault('1h')
      .describe('How long a saved plan may be applied.'),
    verify: duration({ unit: 'm' })
      .prefault('5m')
      .describe(
        'How long production may take to recover after the rollback. Verification ends as soon as the result is known.',
      ),
    objective: duration({ min: 1000, unit: 'm' })
      .optional()
      .describe(
        'The recovery time objective: how long a rollback may take from the first check to the verified recovery. The summary says whether it was met. A rehearsal that misses it fails. Default: none.',
      ),
  })
    .transform((all) => ({
      strategies: all.strategies,
      onFailure: all['on-failure'],
      dailyCap: all['daily-cap'],
      maxAgeMs: all['max-age'],
      planValidMs: all['plan-valid'],
      verifyMs: all.verify,
      objectiveMs: all.objective,
    }))
    .prefault({})
    .describe('How several layers are rolled back.')
}

function byWorkflow() {
  return section({
    workflow: line().describe('File of the workflow that deploys, such as `deploy.yml`.'),
    inputs: z
      .record(z.string(), z.string())
      .default({})
      .describe('Its inputs. `{revision}` is replaced by the rollback commit.'),
    timeout: duration({ unit: 'm' }).prefault('30m').describe('How long its run may take.'),
  }).transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }))
}

export function codeSchema() {
  return section({
    target: line()
      .default('last-successful-deployment')
      .describe('The good revision, as in the input `target` of git-rollback.'),
    delivery: z
      .enum(['auto', 'direct', 'pull-request'])
      .default('auto')
      .describe(
        '`direct`, `pull-request`, or `auto` for what the rules of the branch allow. With `pull-request`, a rollback that waits for its merge is a success; with `auto`, the step fails until it is merged.',
      ),
    'tag-pattern': line()
      .default('deploy-*')
      .describe('For the target `previous-deployment-tag`: the pattern of the tag names, with one `*`.'),
    checks: z
      .array(line())
      .default([])
      .describe('For the target `last-green`: the checks that must have passed.'),
    'max-commits': z
      .number()
      .int('must be a whole number; write for example `50`')
      .min(0, 'must be 0 or more')
      .default(50)
      .describe('How many commits an automatic rollback may undo.'),
    redeploy: z
      .union([byWorkflow(), z.literal('external', { error: explainDeployer })], { error: explainDeployer })
      .optional()
      .describe(
        'What deploys the restored revision: a workflow, or `external` if something else deploys it and then verifies production, such as a later step that deploys the output `commit`. Pushes made with GITHUB_TOKEN do not trigger workflows. Default: nothing deploys it; a rollback of the code ends as `not-deployed`, and the step fails.',
      ),
  })
    .transform(({ 'max-commits': maxCommits, 'tag-pattern': tagPattern, ...rest }) => ({
      ...rest,
      maxCommits,
      tagPattern,
    }))
    .prefault({})
    .describe('The code: a branch of this repository.')
}

/** Who names a workflow must not be led to `external`, with which nothing here deploys, and a rollback ends green. */
function explainDeployer({ input }: { readonly input?: unknown }): string {
  if (typeof input === 'string' && suggest(input, ['external']) !== undefined)
    return `can't be ${quote(input)}; did you mean \`external\`?`
  const file = typeof input === 'string' && /^[\w.-]+\.ya?ml$/.test(input) ? input : 'deploy.yml'
  const found =
    typeof input === 'string' ? `can't be ${quote(input)}` : 'must be a mapping with the key `workflow`'
  return `${found}; write \`{ workflow: ${file} }\`, or \`external\` if something else deploys the restored revision`
}

export function databaseSchema() {
  return section({
    url: secretVariable('DATABASE_URL').describe(
      'Variable that holds the address of the database, as in the input `database-url` of db-restore.',
    ),
    storage: line().describe('Where the backups are, as in the input `storage` of db-restore.'),
    migrations: plainPath()
      .optional()
      .describe('Folder of the migrations, such as `db/migrations`. Default: none.'),
    strategy: z
      .enum(['migrations', 'backup', 'both'])
      .optional()
      .describe(
        '`migrations` undoes the migrations that the deployment applied; `backup` restores the backup from before it; `both` undoes the migrations or, if that is not possible, restores the backup. Default: `migrations` if a folder of migrations is set, else `backup`.',
      ),
    'keep-old': duration({ unit: 'd' })
      .prefault('7d')
      .describe('How long a database that was replaced is kept beside the live one.'),
    'allow-data-loss': z
      .boolean()
      .default(false)
      .describe('Continue even if rows or columns with data will be lost.'),
    'restore-without-a-person': z
      .boolean()
      .default(false)
      .describe(
        'Whether an automatic run may restore a backup. Undoing migrations does not need this setting.',
      ),
    identity: secretVariable('AGE_IDENTITY')
      .optional()
      .describe('Variable that holds the identity of age, for encrypted backups. Default: none.'),
    recipient: line()
      .optional()
      .describe(
        'Public key of age that encrypts the backup made before migrations are undone. Default: that of `identity`; without both, the backup is not encrypted.',
      ),
  })
    .transform(
      ({
        'keep-old': keepOldMs,
        'allow-data-loss': allowDataLoss,
        'restore-without-a-person': mayRestoreAlone,
        ...rest
      }) => ({ ...rest, keepOldMs, allowDataLoss, mayRestoreAlone }),
    )
    .optional()
    .describe('The database that the deployment migrates. Default: no database is rolled back.')
}
