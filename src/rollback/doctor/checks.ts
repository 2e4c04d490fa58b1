import { declaredGroups, isInGroup, nameOfWorkflow } from '../../deployment/concurrency.ts'
import { dispatchProblems } from '../../deployment/dispatch-trigger.ts'
import type { ProbedPermission } from '../../github/permission-probe.ts'
import { rulesAgainstPush } from '../../github/rules.ts'
import type { BackupFacts, Fact, Facts } from './facts.ts'

/**
 * ok: a rollback would not fail for it. wrong: it would. warning: it would work, and not as well as it could. unknown: it could not be looked
 * at, and is not known to be well.
 */
export interface Finding {
  readonly state: 'ok' | 'wrong' | 'warning' | 'unknown'
  /** one clause: what is so */
  readonly says: string
  /** what to do, one sentence; absent where all is well */
  readonly cure?: string
}

export interface Check {
  readonly name: string
  /** what it reads, for the documentation */
  readonly reads: string
  /** @returns undefined where the settings have no use for it */
  readonly judge: (facts: Facts) => Finding | undefined
}

const ok = (says: string): Finding => ({ state: 'ok', says })
const wrong = (says: string, cure: string): Finding => ({ state: 'wrong', says, cure })
const warning = (says: string, cure: string): Finding => ({ state: 'warning', says, cure })
const unknown = (says: string, cure: string): Finding => ({ state: 'unknown', says, cure })

/** Everything that a rollback depends on, in the order in which it would fail. */
export const checks: readonly Check[] = [
  {
    name: 'repository',
    reads: 'whether the repository is archived',
    judge: ({ archived }) =>
      known(archived, 'the repository', (isArchived) =>
        isArchived
          ? wrong('the repository is archived', 'Unarchive it: nothing can be written to it')
          : ok('it can be written to'),
      ),
  },
  permission('contents: write', 'the rollback commit, its tag and the history', () => true),
  permission('actions: write', '`code.redeploy`', ({ redeploy }) => redeploy !== undefined),
  permission('pull-requests: write', 'the rules of the branch, which require a pull request', needsPull),
  permission('issues: write', 'the post-mortem', () => true, 'warning'),
  {
    name: 'branch',
    reads: 'rules of the branch that is rolled back, `code.delivery`',
    judge: ({ rules, branch, config: { code } }) =>
      known(rules, `the rules of ${branch}`, (found) => {
        const against = rulesAgainstPush(found)
        if (against.length > 0 && code.delivery === 'direct')
          return wrong(
            `${branch} has the rules ${against.join(', ')}, and \`code.delivery\` is \`direct\``,
            "Let the token's app bypass the rules, or set `code.delivery` to `auto`",
          )
        if (against.includes('merge_queue') || against.includes('update'))
          return wrong(
            `${branch} has the rule ${against.join(', ')}, which allows no rollback commit`,
            "Let the token's app bypass the rule",
          )
        if (against.length > 0)
          return warning(
            `${branch} has the rules ${against.join(', ')}: a rollback waits for its pull request`,
            "Let the token's app bypass the rules, so that a rollback does not wait for a review",
          )
        if (found.types.includes('required_signatures'))
          return ok(`${branch} requires signatures, which GitHub makes for the token's commits`)
        return found.isProtected
          ? unknown(
              `${branch} has classic branch protection, which only an administrator can read`,
              'Use a ruleset in its place, or rehearse a rollback on a branch with the same protection',
            )
          : ok(`no rule of ${branch} is against a push`)
      }),
  },
  {
    name: 'history branch',
    reads: 'rules of `history.branch`',
    judge: ({ historyRules, config: { history } }) =>
      known(historyRules, `the rules of ${history.branch}`, (types) =>
        blocking(types, againstHistory, () =>
          wrong(
            `${history.branch} has the rules ${types.join(', ')}: the history cannot be written`,
            `Exclude ${history.branch} from the rule`,
          ),
        ),
      ),
  },
  {
    name: 'pull requests',
    reads:
      'rules of `rollback/*`, and the setting "Allow GitHub Actions to create and approve pull requests"',
    judge: (facts) => {
      if (!needsPull(facts)) return undefined
      const { proposalRules, mayOpenPulls } = facts
      if (proposalRules.seen && proposalRules.value.some((type) => againstCreation.has(type)))
        return wrong(
          `branches named rollback/… have the rules ${proposalRules.value.join(', ')}: none can be created`,
          'Exclude `rollback/*` from the rule',
        )
      return known(mayOpenPulls, 'the setting that lets Actions open pull requests', (isAllowed) =>
        isAllowed
          ? ok('Actions may open pull requests')
          : wrong(
              'the repository does not let Actions open pull requests',
              'Set "Allow GitHub Actions to create and approve pull requests" in Settings → Actions → General, or use a GitHub App token',
            ),
      )
    },
  },
  {
    name: 'deploy workflow',
    reads: 'its state, its file on the branch, `code.redeploy.inputs`',
    judge: ({ redeploy, branch }) => {
      if (redeploy === undefined)
        return warning(
          'no workflow deploys the restored revision',
          'Set `code.redeploy`: pushes made with GITHUB_TOKEN do not trigger workflows',
        )
      const { workflow, inputs, state, text } = redeploy
      return known(state, workflow, (is) => {
        if (is === undefined)
          return wrong(
            `there is no workflow ${workflow} on the default branch`,
            'Name the file of a workflow under .github/workflows in `code.redeploy.workflow`',
          )
        if (is !== 'active')
          return wrong(
            `${workflow} is ${is.replaceAll('_', ' ')}`,
            `Enable it: gh workflow enable ${workflow}`,
          )
        return known(text, `${workflow} on ${branch}`, (file) => {
          if (file === undefined)
            return wrong(
              `${workflow} is not on ${branch}`,
              `Add the workflow to ${branch}, where it is started`,
            )
          const problems = dispatchProblems(file, inputs)
          return problems.length === 0
            ? ok(`${workflow} is active and can be started on ${branch}`)
            : wrong(
                `${workflow} cannot be started on ${branch}: ${problems.join('; ')}`,
                'Add the trigger `workflow_dispatch` with the inputs of `code.redeploy.inputs` to it',
              )
        })
      })
    },
  },
  {
    name: 'concurrency',
    reads: 'the concurrency groups of this run and of the deploy workflow',
    judge: judgeConcurrency,
  },
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
        return ok(`${others.map(({ name }) => name).join(' and ')} can be opened and planned`)
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
  {
    name: 'checks',
    reads: 'one round of the checks under `health.checks`',
    judge: ({ assessment }) =>
      known(assessment, 'production', (seen) => {
        if (seen === undefined)
          return warning(
            'no check is configured: nothing shows whether production has recovered',
            'Add a check under `health.checks`',
          )
        if (seen.verdict === 'error')
          return wrong(
            `the checks get no answer: ${seen.because}`,
            'Fix the address, the secret or the network',
          )
        return seen.verdict === 'inconclusive'
          ? unknown(`the checks show too little: ${seen.because}`, 'Look again when there is traffic')
          : ok(`the checks answer: ${seen.verdict}`)
      }),
  },
  {
    name: 'guards',
    reads: 'holds, and the limits of automatic rollbacks',
    judge: ({ held }) =>
      known(held, 'the guards', (why) =>
        why === undefined
          ? ok('no guard would hold an automatic rollback')
          : warning(`an automatic rollback would be held: ${why}`, 'Lift the hold, or roll back manually'),
      ),
  },
]

const againstHistory = ['creation', 'update', 'pull_request', 'merge_queue', 'required_status_checks']
const againstCreation = new Set(['creation', 'required_status_checks', 'merge_queue', 'update'])

function permission(
  name: ProbedPermission,
  what: string,
  isNeeded: (facts: Facts) => boolean,
  otherwise: 'wrong' | 'warning' = 'wrong',
): Check {
  return {
    name,
    reads: 'what GitHub answers to a change of something that is not there',
    judge: (facts) => {
      if (!isNeeded(facts)) return undefined
      const fact = facts.permissions.get(name)
      if (fact === undefined) return undefined
      return known(fact, `whether the token has ${name}`, (isHeld) =>
        isHeld
          ? ok('the token has it')
          : {
              state: otherwise,
              says: `the token lacks ${name}, which is needed for ${what}`,
              cure: `Add \`${name}\` to the \`permissions\` of the job, and of the job that calls this workflow`,
            },
      )
    },
  }
}

/** A rollback of the code is, or may have to be, a pull request. */
function needsPull({ rules, config: { code } }: Facts): boolean {
  if (code.delivery !== 'auto') return code.delivery === 'pull-request'
  return rules.seen && rulesAgainstPush(rules.value).length > 0
}

function judgeConcurrency({ redeploy, groups, ownWorkflow, branch }: Facts): Finding | undefined {
  if (redeploy === undefined || !redeploy.text.seen || redeploy.text.value === undefined) return undefined
  const { workflow, text } = redeploy
  const declared = declaredGroups(text.value ?? '')
  const cure = 'Set `concurrency` on the job that deploys, not on the workflow, and on no job that rolls back'
  if (declared.length === 0) return ok(`${workflow} is in no concurrency group`)
  if (groups.seen && groups.value !== undefined) {
    const path = `.github/workflows/${workflow}`
    const run = { workflow: nameOfWorkflow(text.value ?? '', path), branch, repository: '' }
    for (const { name, state } of groups.value) {
      const taken = declared.find((each) => isInGroup(each, name, run))
      if (state !== 'holds' || taken === undefined) continue
      return taken.cancelsRunning
        ? wrong(
            `${workflow} has \`cancel-in-progress\` for the group "${name}", which this run holds: it would cancel the rollback`,
            cure,
          )
        : wrong(`${workflow} would wait for the group "${name}", which this run holds`, cure)
    }
    return ok(`this run holds no concurrency group of ${workflow}`)
  }
  const [first] = declared
  const isOwn = ownWorkflow === workflow && declaredGroups(withoutJobs(text.value ?? '')).length > 0
  return isOwn
    ? wrong(`this run is of ${workflow}, whose runs are all in the group "${first?.group}"`, cure)
    : unknown(
        `${workflow} is in the concurrency group "${first?.group}", and this server does not report the groups of this run`,
        'Check that the workflow that rolls back is not in it',
      )
}

/** The part of a workflow that holds for all of its jobs. */
function withoutJobs(text: string): string {
  return text.replace(/^jobs:[\s\S]*$/m, '')
}

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
          'Let db-backup restore each backup once, with `verify`',
        )
  }
  return judge(backup.value)
}

/** @param what was looked at, for people */
function known<T>(fact: Fact<T>, what: string, judge: (value: T) => Finding): Finding {
  if (fact.seen) return judge(fact.value)
  return unknown(`${what} could not be read: ${fact.why}`, 'Fix the cause, and run this again')
}

/** A mistake, or something missing, will be there tonight, too; a server that did not answer now may answer then. */
function failed(fact: Fact<unknown> & { seen: false }, says: string, cure: string): Finding {
  return (fact.isRefused ? wrong : unknown)(`${says}: ${fact.why}`, cure)
}

function blocking(types: readonly string[], against: readonly string[], say: () => Finding): Finding {
  return types.some((type) => against.includes(type)) ? say() : ok('no rule keeps it from being written')
}
