import type { BackupFacts, Facts } from './facts.ts'
import { type Check, type Finding, failed, ok, unknown, warning, wrong } from './finding.ts'

/** `database and ota` */
const listed = new Intl.ListFormat('en-GB')

/** Whether each layer could be rolled back: its secrets, its target, its server, its backup. */
export const layerChecks: readonly Check[] = [
  {
    name: 'secrets',
    reads: 'the variables that the settings name',
    judge: ({ missingVariables }) =>
      missingVariables.length === 0
        ? ok('each variable that the settings name is set')
        : wrong(
            `${missingVariables.join(', ')} ${missingVariables.length === 1 ? 'is' : 'are'} not set, or empty`,
            'Create the secret, and hand it to this job: `secrets: inherit`, or `env` of the step. For a secret of an environment set `secrets-from`',
          ),
  },
  {
    name: 'target',
    reads: 'the revision that a rollback of the code would restore',
    judge: ({ layers, isFirst, environment }) => {
      const code = layers.find(({ name }) => name === 'code')
      if (code === undefined) return undefined
      if (code.plan.seen)
        return ok(`a rollback would restore ${code.plan.value.to.slice(0, 7)}: ${code.plan.value.foundBy}`)
      if (isFirst.seen && isFirst.value)
        return unknown(
          `this is the first deployment of ${environment}: there is no revision to restore yet`,
          'Nothing, until the next deployment',
        )
      return failed(
        code.plan,
        'no revision to restore was found',
        'Deploy a second revision, record deployments, or set `code.target`',
      )
    },
  },
  {
    name: 'layers',
    reads: 'a plan of each layer but the code',
    judge: ({ layers }) => {
      const others = layers.filter(({ name }) => name !== 'code')
      if (others.length === 0) return undefined
      const [bad] = others.filter(({ plan }) => !plan.seen)
      if (bad === undefined || bad.plan.seen)
        return ok(`${listed.format(others.map(({ name }) => name))} can be opened and planned`)
      return failed(
        bad.plan,
        `${bad.name} cannot be planned`,
        'Fix the setting, the secret or the server that is named',
      )
    },
  },
  {
    name: 'backup',
    reads: 'the last backup of the environment, its manifest and its stored bytes',
    judge: judgeBackup,
  },
]

function judgeBackup({ backup, config: { database } }: Facts): Finding | undefined {
  if (backup === undefined || database === undefined) return undefined
  // without a way to undo migrations there is no other way back
  const isNeeded =
    database.strategy === 'backup' || database.strategy === 'both' || database.migrations === undefined
  const otherwise = isNeeded ? wrong : warning
  if (!backup.seen)
    return failed(
      backup,
      'the backups cannot be read',
      'Fix the setting, the secret or the server that is named',
    )
  const judge = (last: BackupFacts | undefined): Finding => {
    if (last === undefined)
      return otherwise('there is no backup of the environment', 'Run db-backup before each deployment')
    const { name, damage, verification } = last
    if (damage !== undefined)
      return otherwise(
        `the last backup, ${name}, is broken: ${damage}`,
        'Run db-backup now, and check where backups are kept',
      )
    if (last.isFailed)
      return otherwise(
        `the last backup, ${name}, could not be restored: ${verification}`,
        'Run db-backup now',
      )
    const bytes = last.wasRead
      ? 'its stored bytes are unchanged'
      : 'its files are there; they are too large to be read again here'
    return last.isRestored
      ? ok(`${name} is ${verification}; ${bytes}`)
      : warning(
          `${name} is ${verification}; ${bytes}`,
          'Run db-backup with `verify: restore`, which restores each backup once',
        )
  }
  return judge(backup.value)
}
