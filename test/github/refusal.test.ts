/** GitHub's refusals by their words, as the threads that report them quote them, and what the user is told to do. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError, RefusedError, UnavailableError } from '../../src/errors.ts'
import { moveBranch } from '../../src/github/refs.ts'
import { explain, explained, readRefusal } from '../../src/github/refusal.ts'
import type { TokenOptions } from '../support/github/tokens.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeAll(async () => {
  shop = await openBrokenShop()
})
afterAll(() => shop.close())

/** What the user reads when GitHub answers the move of a branch so. */
async function refuse(status: number, message: string): Promise<unknown> {
  shop.github.fault({ kind: 'refused', status, message, operation: 'git/update-ref' })
  const { octokit, owner, repo } = shop.repository
  return explained({ doing: 'move main', permission: 'contents: write' }, () =>
    octokit.rest.git.updateRef({ owner, repo, ref: 'heads/main', sha: shop.bad }),
  ).catch((error: unknown) => error)
}

const byRule = "let the token's app or user bypass the rule, or roll back through a pull request"
const byPermission = 'give the job `permissions: contents: write`'
const byApp = 'use a GitHub App token with `workflows: write`'
const ruleset = (rule: string) => `Repository rule violations found\n\n${rule}\n\n`

describe('the user is told what forbids it, and the way out', () => {
  test.each([
    [422, 'Update is not a fast forward', ConflictError, 'somebody else moved it in between; run again'],
    [
      422,
      'Expected branch to point to "1a2b" but it did not. Pull and try again.',
      ConflictError,
      'run again',
    ],
    [422, '! [rejected] main -> main (stale info)', ConflictError, 'run again'],
    [422, '! [rejected] main -> main (fetch first)', ConflictError, 'run again'],
    [422, ruleset('Changes must be made through a pull request.'), RefusedError, byRule],
    [422, ruleset('Changes must be made through the merge queue'), RefusedError, byRule],
    [422, ruleset('Commits must have verified signatures.'), RefusedError, byRule],
    [422, ruleset('2 of 2 required status checks are expected.'), RefusedError, byRule],
    [422, ruleset('Cannot force-push to this branch'), RefusedError, byRule],
    [409, ruleset('Changes must be made through a pull request.'), RefusedError, byRule],
    [
      422,
      'remote: error: GH013: Repository rule violations found for refs/heads/main.',
      RefusedError,
      byRule,
    ],
    [422, 'remote: error: GH006: Protected branch update failed for refs/heads/main.', RefusedError, byRule],
    [422, 'Reference update failed', RefusedError, byRule],
    [422, 'Reference cannot be updated', RefusedError, byRule],
    [422, 'Changes must be made through a pull request.', RefusedError, byRule],
    [409, 'At least 1 approving review is required by reviewers with write access.', RefusedError, byRule],
    [409, '2 approving reviews are required by reviewers with write access.', RefusedError, byRule],
    [422, 'Required status check "ci" is expected.', RefusedError, byRule],
    [403, "You're not authorized to push to this branch.", RefusedError, byRule],
    [
      403,
      'GitHub Actions is not permitted to create or approve pull requests.',
      RefusedError,
      'turn "Allow GitHub Actions to create and approve pull requests" on in the settings of the repository',
    ],
    [403, 'Resource not accessible by integration', RefusedError, byPermission],
    [403, 'Resource not accessible by personal access token', RefusedError, byPermission],
    [404, 'Resource not accessible by integration', RefusedError, byPermission],
    [403, 'Must have admin rights to Repository.', RefusedError, byPermission],
    [403, 'Permission to octo-org/shop.git denied to mona.', RefusedError, byPermission],
    [
      403,
      'refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission',
      RefusedError,
      byApp,
    ],
    [
      403,
      'refusing to allow an OAuth App to create or update workflow `.github/workflows/ci.yml` without `workflow` scope',
      RefusedError,
      byApp,
    ],
    [403, 'Repository was archived so is read-only.', RefusedError, 'unarchive it first'],
    [401, 'Bad credentials', InputError, '`token` is wrong or has expired'],
    [404, 'Not Found', RefusedError, 'it does not exist, or the token may not see it'],
    [422, 'Reference does not exist', RefusedError, 'it does not exist'],
    [422, 'Reference already exists', RefusedError, 'GitHub answered 422 "Reference already exists"'],
    [429, 'Too many requests', UnavailableError, 'run again when the limit is over'],
    [
      422,
      'Sorry, your request timed out. It is likely that your input was too large to process.',
      UnavailableError,
      'Sorry, your request timed out',
    ],
    [
      418,
      'Something nobody has seen yet',
      RefusedError,
      'GitHub answered 418 "Something nobody has seen yet"',
    ],
  ])('%i %s', async (status, message, kind, wayOut) => {
    const error = await refuse(status, message)
    expect(error).toBeInstanceOf(kind)
    const said = error instanceof Error ? error.message : ''
    expect(said).toMatch(/^could not move main: /)
    expect(said).toContain(wayOut)
    // GitHub's own words are not kept back, but for those that say no more than we do
    if (kind !== ConflictError && !message.includes('archived'))
      expect(said).toContain(message.replace(/\s+/g, ' ').trim())
  })
})

/** What stands in the way is really there, and the branch is moved as a rollback moves it. */
describe('moving a branch has an error of its own, with the way out,', () => {
  type BrokenShop = typeof shop
  const write = { contents: 'write' } as const

  /** @returns what the user reads after the words on what could not be done */
  async function refusalOf(
    stand: (shop: BrokenShop) => void,
    {
      permissions = write,
      kind = RefusedError,
      archived = false,
    }: {
      permissions?: TokenOptions['permissions']
      kind?: typeof RefusedError | typeof UnavailableError
      archived?: boolean
    } = {},
  ): Promise<string> {
    const own = await openBrokenShop({ archived })
    try {
      stand(own)
      const { git } = own.hosted
      const good = await git.readCommit(own.good)
      const to = await git.writeCommit({ ...good, parents: [own.bad], message: 'Roll back\n' })
      const moved = moveBranch(own.open({ permissions }), { branch: 'main', from: own.bad, to })
      await expect(moved).rejects.toThrow(kind)
      expect(await own.head()).toBe(own.bad)
      const asked = own.github.requests.filter(({ operation }) => operation === 'git/update-ref')
      // asking again makes none of these better
      expect(asked).toHaveLength(1)
      const error: unknown = await moved.then(undefined, (reason: unknown) => reason)
      return String(error).split(`could not move main from ${short(own.bad)} to ${short(to)}: `)[1] ?? ''
    } finally {
      await own.close()
    }
  }
  const short = (sha: string) => sha.slice(0, 7)

  test('where the branch is protected', async () => {
    const said = await refusalOf(({ hosted }) => hosted.protectBranch('main', { requiredApprovals: 1 }))
    expect(said).toBe(
      `a rule of the branch forbids it (GitHub answered 422 "At least 1 approving review is required by reviewers with write access."); ${byRule}`,
    )
  })

  test('where a ruleset forbids it', async () => {
    const rules = [{ type: 'merge_queue' }] as const
    const said = await refusalOf(({ hosted }) =>
      hosted.addRuleset({ name: 'main', enforcement: 'active', include: ['~DEFAULT_BRANCH'], rules }),
    )
    expect(said).toBe(
      `a rule of the branch forbids it (GitHub answered 422 "Repository rule violations found Changes must be made through the merge queue"); ${byRule}`,
    )
  })

  test('where the token has not the permission', async () => {
    const said = await refusalOf(() => {}, { permissions: { contents: 'read' } })
    expect(said).toBe(
      `the token lacks a permission (GitHub answered 403 "Resource not accessible by integration"); ${byPermission}`,
    )
  })

  test('where the repository is archived', async () => {
    const said = await refusalOf(() => {}, { archived: true })
    expect(said).toBe('the repository is archived; unarchive it first')
  })

  test('where the secondary rate limit is reached, for longer than a rollback can wait', async () => {
    const operation = 'git/update-ref'
    const said = await refusalOf(
      ({ github }) => github.fault({ kind: 'secondary-limit', retryAfterSeconds: 300, operation }),
      { kind: UnavailableError },
    )
    expect(said).toBe(
      'GitHub answered 403 "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.", and asks for a pause of 300 s; run again when the limit is over',
    )
  })
})

test('a rule is named in full, on one line, without the link to the documentation', async () => {
  const error = await refuse(422, ruleset('Changes must be made through a pull request.'))
  expect(String(error)).toBe(
    'RefusedError: could not move main: a rule of the branch forbids it (GitHub answered 422 "Repository rule violations found Changes must be made through a pull request."); let the token\'s app or user bypass the rule, or roll back through a pull request',
  )
})

test('a very long refusal is cut', async () => {
  const error = await refuse(422, `Invalid. ${'x'.repeat(5_000)}`)
  expect(String(error).length).toBeLessThan(500)
})

test('an error that is no answer of GitHub is a bug, and stays as it is', () => {
  const bug = new TypeError('undefined is not a function')
  expect(explain(bug, { doing: 'move main', permission: 'contents: write' })).toBe(bug)
  expect(readRefusal(bug)).toBeUndefined()
})

test('an error that is written for the user already is not written again', () => {
  const error = new ConflictError('main has moved')
  expect(explain(error, { doing: 'move main', permission: 'contents: write' })).toBe(error)
})
