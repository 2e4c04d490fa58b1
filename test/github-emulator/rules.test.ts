/** Rulesets, classic protection and workflow files hold for the API and for git alike, in the words of each. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BranchProtection, Rule } from '../support/github/ruleset.ts'
import { type Example, openExample, refusal, shop } from './example.ts'
import { cloneOf } from './git-client.ts'

let example: Example
let first: string
let head: string
beforeEach(async () => {
  example = await openExample()
  first = await example.commit({ 'README.md': '# Shop\n' })
  head = await example.commit({ 'README.md': '# The shop\n' })
})
afterEach(() => example.close())

function rule(given: Rule, bypass: readonly string[] = []): void {
  example.hosted.addRuleset({
    name: 'protect main',
    enforcement: 'active',
    include: ['~DEFAULT_BRANCH'],
    rules: [given],
    bypass,
  })
}

const main = async () => (await example.hosted.git.readRef('refs/heads/main'))?.sha

/** A commit on top of the head that no branch has yet, made through the API by this token. */
async function onTop(octokit = example.octokit, author?: { name: string; email: string }): Promise<string> {
  const { data: base } = await octokit.rest.git.getCommit({ ...shop, commit_sha: head })
  const commit = {
    ...shop,
    message: 'A change',
    tree: base.tree.sha,
    parents: [head],
    ...(author && { author }),
  }
  return (await octokit.rest.git.createCommit(commit)).data.sha
}

const moveTo = (sha: string, force = false) =>
  refusal(example.octokit.rest.git.updateRef({ ...shop, ref: 'heads/main', sha, force }))

describe('a ruleset', () => {
  const refusing: readonly [Rule, string][] = [
    [{ type: 'pull_request', approvals: 1 }, 'Changes must be made through a pull request.'],
    [{ type: 'merge_queue' }, 'Changes must be made through the merge queue'],
    [{ type: 'update' }, 'Cannot update this protected ref.'],
    [
      { type: 'required_status_checks', contexts: ['build', 'test'] },
      '2 of 2 required status checks are expected.',
    ],
  ]

  test.each(refusing)('with %j refuses a commit by the API and by git', async (given, text) => {
    rule(given)
    expect(await moveTo(await onTop())).toBe(`422 Repository rule violations found\n\n${text}\n\n`)
    const put = example.octokit.rest.repos.createOrUpdateFileContents({
      ...shop,
      path: 'new.txt',
      message: 'New',
      content: '',
    })
    expect(await refusal(put)).toBe(`409 Repository rule violations found\n\n${text}\n\n`)

    const copy = await cloneOf(example)
    await copy.commit('README.md', 'no')
    const said = await copy.git('push')
    expect(said.code).toBe(1)
    expect(said.error).toContain(
      `remote: error: GH013: Repository rule violations found for refs/heads/main.\nremote:\nremote: - ${text}`,
    )
    expect(said.error).toMatch(/! \[remote rejected\] main -> main/)
    expect(await main()).toBe(head)
  })

  test('with non_fast_forward refuses to rewind, and nothing else', async () => {
    rule({ type: 'non_fast_forward' })
    const text = 'Cannot force-push to this branch'
    expect(await moveTo(first, true)).toBe(`422 Repository rule violations found\n\n${text}\n\n`)
    const copy = await cloneOf(example)
    await copy.git('reset', '--hard', first)
    const said = await copy.git('push', '--force')
    expect(said.error).toContain('GH013: Repository rule violations found for refs/heads/main.')
    expect(said.error).toContain(`remote: - ${text}`)
    expect(await main()).toBe(head)

    await copy.git('reset', '--hard', 'origin/main')
    const pushed = await copy.commit('README.md', 'more')
    expect((await copy.git('push')).code).toBe(0)
    expect(await main()).toBe(pushed)
  })

  test('with deletion refuses to delete', async () => {
    const { hosted, octokit } = example
    const copy = await cloneOf(example)
    await copy.git('push', 'origin', 'main:topic')
    hosted.addRuleset({
      name: 'keep',
      enforcement: 'active',
      include: ['~ALL'],
      rules: [{ type: 'deletion' }],
    })
    const text = 'Cannot delete this branch'
    expect(await refusal(octokit.rest.git.deleteRef({ ...shop, ref: 'heads/topic' }))).toContain(text)
    expect((await copy.git('push', 'origin', '--delete', 'topic')).error).toContain(`remote: - ${text}`)
    expect((await hosted.git.readRef('refs/heads/topic'))?.sha).toBe(head)
  })

  test('with creation refuses a new branch whose name it covers', async () => {
    example.hosted.addRuleset({
      name: 'no rollback branches',
      enforcement: 'active',
      include: ['refs/heads/rollback/*'],
      rules: [{ type: 'creation' }],
    })
    const create = (ref: string) => example.octokit.rest.git.createRef({ ...shop, ref, sha: head })
    expect(await refusal(create('refs/heads/rollback/one'))).toBe(
      '422 Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n',
    )
    expect((await create('refs/heads/topic')).status).toBe(201)
    const copy = await cloneOf(example)
    const said = await copy.git('push', 'origin', 'main:rollback/two', 'main:other')
    expect(said.error).toContain('Cannot create ref due to creations being restricted.')
    const names = (await example.hosted.git.listRefs('refs/heads/')).map(({ name }) => name)
    expect(names).toEqual(['refs/heads/main', 'refs/heads/other', 'refs/heads/topic'])
  })

  test('with merge_queue refuses a new branch too', async () => {
    example.hosted.addRuleset({
      name: 'queue for all',
      enforcement: 'active',
      include: ['~ALL'],
      rules: [{ type: 'merge_queue' }],
    })
    const create = example.octokit.rest.git.createRef({ ...shop, ref: 'refs/heads/rollback', sha: head })
    expect(await refusal(create)).toContain('422 Repository rule violations found')
    expect(await example.hosted.git.readRef('refs/heads/rollback')).toBeUndefined()
  })

  test('that needs status checks refuses a new branch, unless it leaves these out', async () => {
    const needing = (exceptOnCreate: boolean) =>
      example.hosted.addRuleset({
        name: 'checks for all',
        enforcement: 'active',
        include: [exceptOnCreate ? 'refs/heads/release/*' : 'refs/heads/rollback/*'],
        rules: [{ type: 'required_status_checks', contexts: ['build'], exceptOnCreate }],
      })
    needing(false)
    needing(true)
    const create = (name: string) =>
      example.octokit.rest.git.createRef({ ...shop, ref: `refs/heads/${name}`, sha: head })
    expect(await refusal(create('rollback/1'))).toContain('Required status check "build" is expected.')
    expect((await create('release/1')).status).toBe(201)
    const { rest } = example.octokit
    await rest.repos.createCommitStatus({ ...shop, sha: head, state: 'success', context: 'build' })
    expect((await create('rollback/1')).status).toBe(201)
  })

  test('that needs status checks lets a commit through when they are green', async () => {
    rule({ type: 'required_status_checks', contexts: ['build'] })
    const sha = await onTop()
    const { rest } = example.octokit
    await rest.repos.createCommitStatus({ ...shop, sha, state: 'failure', context: 'build' })
    expect(await moveTo(sha)).toContain('Required status check "build" is expected.')
    await rest.repos.createCommitStatus({ ...shop, sha, state: 'success', context: 'build' })
    expect((await rest.git.updateRef({ ...shop, ref: 'heads/main', sha })).status).toBe(200)
  })

  test('names all the rules that are broken', async () => {
    rule({ type: 'pull_request', approvals: 1 })
    rule({ type: 'non_fast_forward' })
    expect(await moveTo(first, true)).toBe(
      '422 Repository rule violations found\n\nChanges must be made through a pull request.\n\nCannot force-push to this branch\n\n',
    )
  })

  test('does not hold for those who may pass it by, nor where it is not active or covers another branch', async () => {
    rule({ type: 'pull_request', approvals: 1 }, ['github-actions[bot]'])
    const { hosted } = example
    const rules: readonly Rule[] = [{ type: 'update' }]
    hosted.addRuleset({ name: 'trial', enforcement: 'evaluate', include: ['~ALL'], rules })
    hosted.addRuleset({ name: 'off', enforcement: 'disabled', include: ['~ALL'], rules })
    hosted.addRuleset({ name: 'releases', enforcement: 'active', include: ['refs/heads/release/*'], rules })
    const copy = await cloneOf(example)
    const pushed = await copy.commit('README.md', 'allowed')
    expect((await copy.git('push')).code).toBe(0)
    expect(await main()).toBe(pushed)

    const other = await cloneOf(example, example.token({ login: 'grace', kind: 'user' }))
    await other.commit('README.md', 'not allowed')
    expect((await other.git('push')).error).toContain('Changes must be made through a pull request.')
  })

  test('is listed for a branch, with where it comes from, when it is active', async () => {
    rule({ type: 'pull_request', approvals: 2 })
    rule({ type: 'required_status_checks', contexts: ['build'] })
    rule({ type: 'non_fast_forward' })
    const { hosted, octokit } = example
    hosted.addRuleset({
      name: 'off',
      enforcement: 'disabled',
      include: ['~ALL'],
      rules: [{ type: 'update' }],
    })
    const { data } = await octokit.rest.repos.getBranchRules({ ...shop, branch: 'main' })
    expect(data).toEqual([
      expect.objectContaining({
        type: 'pull_request',
        ruleset_id: 1,
        ruleset_source: 'octo-org/shop',
        ruleset_source_type: 'Repository',
        parameters: expect.objectContaining({ required_approving_review_count: 2 }),
      }),
      expect.objectContaining({
        type: 'required_status_checks',
        parameters: expect.objectContaining({ required_status_checks: [{ context: 'build' }] }),
      }),
      expect.objectContaining({ type: 'non_fast_forward', ruleset_id: 3 }),
    ])
    expect((await octokit.rest.repos.getBranchRules({ ...shop, branch: 'topic' })).data).toEqual([])
  })
})

describe('required signatures', () => {
  const text = 'Commits must have verified signatures.'

  test('let a bot’s commit through that GitHub signed, and no other', async () => {
    rule({ type: 'required_signatures' })
    const byUser = await onTop(example.as({ login: 'grace', kind: 'user' }))
    expect(await moveTo(byUser)).toContain(text)
    const withAuthor = await onTop(example.octokit, { name: 'Ada', email: 'ada@example.com' })
    expect(await moveTo(withAuthor)).toContain(text)

    const signed = await onTop()
    const { data } = await example.octokit.rest.git.getCommit({ ...shop, commit_sha: signed })
    expect(data.verification).toMatchObject({ verified: true, reason: 'valid' })
    await example.octokit.rest.git.updateRef({ ...shop, ref: 'heads/main', sha: signed })
    expect(await main()).toBe(signed)
  })

  test('refuse what git pushes unsigned', async () => {
    rule({ type: 'required_signatures' })
    const copy = await cloneOf(example)
    await copy.commit('README.md', 'no')
    expect((await copy.git('push')).error).toContain(`remote: - ${text}`)
    expect(await main()).toBe(head)
  })

  test('judge every commit that is new to the branch', async () => {
    const copy = await cloneOf(example)
    const unsigned = await copy.commit('README.md', 'no')
    await copy.git('push', 'origin', 'HEAD:topic')
    rule({ type: 'required_signatures' })
    const { data: base } = await example.octokit.rest.git.getCommit({ ...shop, commit_sha: unsigned })
    const { data: signed } = await example.octokit.rest.git.createCommit({
      ...shop,
      message: 'On top of an unsigned one',
      tree: base.tree.sha,
      parents: [unsigned],
    })
    expect(signed.verification.verified).toBe(true)
    expect(await moveTo(signed.sha)).toContain(text)
  })
})

describe('classic protection', () => {
  const refusing: readonly [BranchProtection, string][] = [
    [{ requiredApprovals: 1 }, 'At least 1 approving review is required by reviewers with write access.'],
    [{ requiredContexts: ['build'] }, 'Required status check "build" is expected.'],
    [{ pushers: ['grace'] }, "You're not authorized to push to this branch."],
    [{ requiredSignatures: true }, 'Commits must have verified signatures.'],
  ]

  test.each(refusing)('with %j refuses a commit by the API and by git', async (protection, text) => {
    example.hosted.protectBranch('main', protection)
    const byUser = example.as({ login: 'linus', kind: 'user' })
    const sha = await onTop(byUser)
    const move = byUser.rest.git.updateRef({ ...shop, ref: 'heads/main', sha })
    expect(await refusal(move)).toContain(`422 ${text}`)
    const put = { ...shop, path: 'new.txt', message: 'New', content: '' }
    expect(await refusal(byUser.rest.repos.createOrUpdateFileContents(put))).toContain(
      `409 Could not create file: ${text}`,
    )

    const copy = await cloneOf(example, example.token({ login: 'linus', kind: 'user' }))
    await copy.commit('README.md', 'no')
    const said = await copy.git('push')
    expect(said.error).toContain('remote: error: GH006: Protected branch update failed for refs/heads/main.')
    expect(said.error).toContain(`remote: - ${text}`)
    expect(await main()).toBe(head)
  })

  test('refuses to rewind and to delete, whatever else it allows', async () => {
    const copy = await cloneOf(example)
    await copy.git('push', 'origin', 'main:topic')
    example.hosted.protectBranch('main', {})
    example.hosted.protectBranch('topic', {})
    expect(await moveTo(first, true)).toBe('422 Cannot force-push to this branch')
    expect(await refusal(example.octokit.rest.git.deleteRef({ ...shop, ref: 'heads/topic' }))).toBe(
      '422 Cannot delete a protected branch',
    )
    await copy.git('reset', '--hard', first)
    expect((await copy.git('push', '--force')).error).toContain('remote: - Cannot force-push to this branch')
    expect((await copy.git('push', 'origin', '--delete', 'topic')).error).toContain(
      'GH006: Protected branch update failed for refs/heads/topic.',
    )
    await copy.git('reset', '--hard', 'origin/main')
    const pushed = await copy.commit('README.md', 'more')
    expect((await copy.git('push')).code).toBe(0)
    expect(await main()).toBe(pushed)
  })

  test('is told by the branch', async () => {
    const { octokit, hosted } = example
    const isProtected = async () =>
      (await octokit.rest.repos.getBranch({ ...shop, branch: 'main' })).data.protected
    expect(await isProtected()).toBe(false)
    hosted.protectBranch('main', {})
    expect(await isProtected()).toBe(true)
  })
})

describe('workflow files', () => {
  const withoutWorkflows = { permissions: { contents: 'write' } } as const
  const file = '.github/workflows/deploy.yml'
  const text = `refusing to allow a GitHub App to create or update workflow \`${file}\` without \`workflows\` permission`

  test('need their own permission, by every way of writing', async () => {
    const limited = example.as(withoutWorkflows)
    const changed = await example.commit(
      { 'README.md': '# Shop\n', [file]: 'on: push' },
      { branch: 'topic', parent: head },
    )
    await example.hosted.git.deleteRef('refs/heads/topic')
    const { rest } = limited
    expect(await refusal(rest.git.updateRef({ ...shop, ref: 'heads/main', sha: changed }))).toBe(
      `403 ${text}`,
    )
    expect(await refusal(rest.git.createRef({ ...shop, ref: 'refs/heads/new', sha: changed }))).toBe(
      `403 ${text}`,
    )
    const put = { ...shop, path: file, message: 'Deploy', content: '' }
    expect(await refusal(rest.repos.createOrUpdateFileContents(put))).toBe(`403 ${text}`)

    const copy = await cloneOf(example, example.token(withoutWorkflows))
    await mkdir(join(copy.directory, '.github', 'workflows'), { recursive: true })
    await writeFile(join(copy.directory, file), 'on: push')
    await copy.commit('README.md', 'no')
    const said = await copy.git('push')
    expect(said.code).toBe(1)
    expect(said.error).toContain(`remote: ${text}`)
    expect(await main()).toBe(head)
  })

  test('are open to a token that has it, and where another branch holds the same file already', async () => {
    const changed = await example.commit(
      { 'README.md': '# Shop\n', [file]: 'on: push' },
      { branch: 'topic', parent: head },
    )
    const { rest } = example.as(withoutWorkflows)
    await rest.git.updateRef({ ...shop, ref: 'heads/main', sha: changed })
    expect(await main()).toBe(changed)
    const copy = await cloneOf(example)
    await copy.commit('.github/workflows/deploy.yml', 'on: workflow_dispatch')
    expect((await copy.git('push')).code).toBe(0)
  })

  test('are refused to a person in that person’s words', async () => {
    const { rest } = example.as({ login: 'grace', kind: 'user', permissions: { contents: 'write' } })
    const put = { ...shop, path: file, message: 'Deploy', content: '' }
    expect(await refusal(rest.repos.createOrUpdateFileContents(put))).toContain(
      'refusing to allow a Personal Access Token to create or update workflow',
    )
  })
})

describe('a refused push', () => {
  test('of several refs at once keeps back the one that a rule covers, and all of them when it is atomic', async () => {
    rule({ type: 'update' })
    const copy = await cloneOf(example)
    const sha = await copy.commit('README.md', 'no')
    expect((await copy.git('push', '--atomic', 'origin', 'main', 'main:topic')).code).toBe(1)
    expect(await example.hosted.git.readRef('refs/heads/topic')).toBeUndefined()
    expect((await copy.git('push', 'origin', 'main', 'main:topic')).code).toBe(1)
    expect((await example.hosted.git.readRef('refs/heads/topic'))?.sha).toBe(sha)
    expect(await main()).toBe(head)
  })
})
