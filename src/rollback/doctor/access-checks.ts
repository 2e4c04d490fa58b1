import type { ProbedPermission } from '../../github/permission-probe.ts'
import { rulesAgainstPush } from '../../github/rules.ts'
import type { Facts } from './facts.ts'
import { type Check, type Finding, known, ok, unknown, warning, wrong } from './finding.ts'

/** Whether the token may write what a rollback writes: permissions, rules of branches, pull requests. */
export const accessChecks: readonly Check[] = [
  {
    name: 'repository',
    reads: 'whether the repository is archived',
    judge: ({ archived }) =>
      known(archived, 'the repository', (isArchived) =>
        isArchived
          ? wrong('the repository is archived', 'Unarchive it: nothing can be written to it')
          : ok('it is not archived'),
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
              'Use a ruleset instead, or rehearse a rollback on a branch with the same protection',
            )
          : ok(`no rule of ${branch} forbids a push`)
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
          `branches named rollback/… have the rules ${proposalRules.value.join(', ')}, which forbid creating them`,
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
    reads: 'the response of GitHub to a change of something that does not exist',
    judge: (facts) => {
      if (!isNeeded(facts)) return undefined
      const fact = facts.permissions.get(name)
      if (fact === undefined) return undefined
      return known(fact, `whether the token has ${name}`, (isHeld) =>
        isHeld
          ? ok('the token has this permission')
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

function blocking(types: readonly string[], against: readonly string[], say: () => Finding): Finding {
  return types.some((type) => against.includes(type)) ? say() : ok('no rule forbids a push')
}
