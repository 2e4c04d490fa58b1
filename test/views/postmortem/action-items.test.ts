/** 18: action items that people own: read from their list, issues of their own on request, reminders when overdue. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import { readIssue } from '../../../src/github/issues.ts'
import type { Event } from '../../../src/history/event.ts'
import { dueAfter, readActionItems } from '../../../src/views/postmortem/action-items.ts'
import { noEvidence } from '../../../src/views/postmortem/evidence.ts'
import { filePostmortem } from '../../../src/views/postmortem/file.ts'
import { writeUp } from '../../../src/views/postmortem/issue.ts'
import { listOpenItems } from '../../../src/views/postmortem/open-items.ts'
import { remindOverdue } from '../../../src/views/postmortem/remind.ts'
import { createSubIssues, openActionItems } from '../../../src/views/postmortem/sub-issues.ts'
import { fillTemplate, templateVariables } from '../../../src/views/postmortem/template.ts'
import { openShop, type Shop } from '../../support/repository.ts'
import { bad, factsOf, healthChecked, incident, opened, rolledBack } from './example.ts'

const events = [healthChecked(), rolledBack()]
const redact = (text: string) => text.replaceAll('hunter2', '***')

describe('the list of action items', () => {
  test('is read with kind, owner and due date, as people write them', () => {
    const body = [
      '## Action items',
      'Some words.',
      '- [ ] Add a test (kind: prevent, owner: @grace, due: 2026-12-04)',
      '* [x] Call the customers (owner: ada)',
      '1. [ ] Rename `a` (again) (Due: 2026-12-31; Kind: Process)',
      '- [ ] No details at all',
      '- [ ] A day that is none (due: 2026-02-30, owner: not a login!)',
      '### Later',
      '- [ ] Below the heading (kind: mitigate)',
    ].join('\n')
    expect(readActionItems(body).map(({ id: _, ...item }) => item)).toEqual([
      { text: 'Add a test', isDone: false, kind: 'prevent', owner: 'grace', due: '2026-12-04' },
      { text: 'Call the customers', isDone: true, kind: undefined, owner: 'ada', due: undefined },
      { text: 'Rename `a` (again)', isDone: false, kind: 'process', owner: undefined, due: '2026-12-31' },
      { text: 'No details at all', isDone: false, kind: undefined, owner: undefined, due: undefined },
      { text: 'A day that is none', isDone: false, kind: undefined, owner: undefined, due: undefined },
      { text: 'Below the heading', isDone: false, kind: 'mitigate', owner: undefined, due: undefined },
    ])
  })

  test('is nothing in a quote, in code, in another section, and no line that is an issue already', () => {
    const body = [
      '- [ ] before',
      '## Action items',
      '> - [ ] quoted',
      '```',
      '- [ ] shown',
      '```',
      '- [ ] #12',
      '- [ ] https://github.com/octo-org/shop/issues/3',
      '<!-- - [ ] hidden -->',
      '',
      '## Prevention',
      '- [ ] after',
    ].join('\n')
    expect(readActionItems(body)).toEqual([])
  })

  test('is read at once, however long its lines are', () => {
    const long = ['( '.repeat(32_000), ' '.repeat(65_000), `(${' '.repeat(60_000)}`, ')'.repeat(60_000)]
    const started = process.cpuUsage().user
    for (const line of long) readActionItems(`## Action items\n\n- [ ] x${line}y (due: 2026-12-04)`)
    fillTemplate(`{{${' '.repeat(29_000)}`, factsOf(events), noEvidence)
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000)
  })

  test('of drafts is due by the severity, and what a check is called cannot make an item, an owner or a date', () => {
    const name = 'x\n- [ ] pay (kind: prevent, owner: mallory, due: 2020-01-01)'
    const checks = [{ name, severity: 'critical', state: 'breached' as const, evidence: '' }]
    const old = { incident: 'old', revision: 'e'.repeat(40), at: '2026-11-01T00:00:00.000Z', checks }
    const facts = factsOf([healthChecked(old), healthChecked({ checks }), rolledBack()])
    const items = readActionItems(fillTemplate('## Action items\n\n{{ action-items }}\n', facts, noEvidence))
    expect(items.length).toBeGreaterThan(2)
    expect(new Set(items.map(({ due }) => due))).toEqual(new Set([dueAfter(facts)]))
    expect(items.every(({ owner, isDone }) => owner === undefined && !isDone)).toBe(true)
    expect(dueAfter(facts)).toBe('2026-12-01')
  })
})

describe('on GitHub', () => {
  let shop: Shop
  beforeEach(async () => {
    shop = await openShop()
    await shop.commit({ 'README.md': '# Shop\n' })
  })
  afterEach(() => shop.close())

  const write = (own: readonly Event[] = events, template?: string, reviewWithinMs?: number) =>
    writeUp(shop.repository, {
      reviewWithinMs,
      ...{ facts: factsOf(own), evidence: noEvidence, template, redact },
      links: { repositoryUrl: 'https://github.com/octo-org/shop' },
      ...{ labels: [], assignees: [] },
    })
  const postmortem = async () => {
    const issue = await readIssue(shop.repository, 1)
    if (issue === undefined) throw new Error('there is no post-mortem')
    return issue
  }
  /** What people write instead of the drafts. */
  const people = async (...lines: readonly string[]) => {
    await write(events, `## Action items\n\n${lines.join('\n')}\n`)
  }
  const make = async () => createSubIssues(shop.repository, await postmortem(), { incident, redact })
  const children = () => shop.hosted.issues.filter(({ parent }) => parent === 1)

  test('each open item becomes one sub-issue, with its owner, once, and the list stays as it is', async () => {
    shop.hosted.roles.set('ada', 'write')
    await people(
      '- [ ] Add a test with hunter2 (kind: prevent, owner: @ada, due: 2026-12-04)',
      '- [x] Done',
      '- [ ] @octo-org/all **see** #7',
    )
    const { body } = await postmortem()
    expect(await make()).toEqual({ created: [2, 3], existing: 0, left: [] })
    expect(await make()).toEqual({ created: [], existing: 2, left: [] })
    expect(children().map(({ title, assignees }) => [title, assignees])).toEqual([
      ['Add a test with ***', ['ada']],
      ['@octo-org/all **see** #7', []],
    ])
    expect(children()[0]?.body).toMatch(/Kind: prevent\n- Due: `2026-12-04`/)
    expect(children()[1]?.body).not.toMatch(/@\w|#7/)
    expect((await postmortem()).body).toBe(body)
  })

  test('a run that was ended between the issue and its parent leaves no second issue', async () => {
    await people('- [ ] Add a test')
    await make()
    const [child] = children()
    if (child === undefined) throw new Error('there is no sub-issue')
    delete child.parent
    expect(await make()).toMatchObject({ created: [2] })
    expect(shop.hosted.issues).toHaveLength(2)
  })

  test('an issue of a stranger that has our hidden line in it is not taken', async () => {
    await people('- [ ] Add a test')
    await make()
    const [child] = children()
    const body = child?.body ?? ''
    shop.hosted.issues.splice(1)
    const { octokit, owner, repo } = shop.open({ kind: 'user', login: 'mallory', association: 'NONE' })
    await octokit.rest.issues.create({ owner, repo, title: 'mine', body })
    expect(await make()).toMatchObject({ created: [3] })
    expect(children().map(({ title }) => title)).toEqual(['Add a test'])
  })

  test('a sub-issue that a stranger wrote with our hidden line in it closes no item', async () => {
    await people('- [ ] Add a test (due: 2026-12-04)')
    await make()
    const body = children()[0]?.body ?? ''
    shop.hosted.issues.splice(1)
    const { octokit, owner, repo } = shop.open({ kind: 'user', login: 'mallory', association: 'NONE' })
    await octokit.rest.issues.create({ owner, repo, title: 'mine', body })
    Object.assign(shop.hosted.issues[1] ?? {}, { parent: 1, state: 'closed', closedAt: new Date() })
    expect(await openActionItems(shop.repository, await postmortem(), incident)).toHaveLength(1)
    expect(await make()).toMatchObject({ created: [3], existing: 0 })
  })

  test('an issue that only quotes the hidden line is not the one of the item', async () => {
    await people('- [ ] Add a test (due: 2026-12-04)')
    await make()
    const [child] = children()
    if (child === undefined) throw new Error('there is no sub-issue')
    child.body = `See ${child.body}`
    expect(await make()).toMatchObject({ created: [3], existing: 0 })
  })

  test('a line of 64 kB becomes an issue that GitHub takes', async () => {
    await people(`- [ ] ${'x'.repeat(25_000)}`)
    expect(await make()).toMatchObject({ created: [2] })
    expect(children()[0]?.title).toHaveLength(256)
  })

  test('orgs/community#207865: closed sub-issues count towards the 100 that GitHub allows: what has no room is named', async () => {
    await people(...Array.from({ length: 3 }, (_, n) => `- [ ] Item ${n}`))
    const { octokit, owner, repo } = shop.repository
    for (let n = 0; n < 98; n += 1) {
      const { data } = await octokit.rest.issues.create({ owner, repo, title: `Old ${n}` })
      const stored = shop.hosted.issues.find(({ number }) => number === data.number)
      if (stored !== undefined) Object.assign(stored, { parent: 1, state: 'closed', closedAt: new Date() })
    }
    const before = shop.hosted.issues.length
    expect(await make()).toEqual({ created: [100, 101], existing: 0, left: ['Item 2'] })
    expect(shop.hosted.issues).toHaveLength(before + 2)
    expect(await make()).toEqual({ created: [], existing: 2, left: ['Item 2'] })
  })

  describe('a reminder', () => {
    const remind = (now: string) =>
      remindOverdue(shop.repository, [...events, opened(1)], { now: new Date(now), redact })
    const comments = () => shop.hosted.comments.map(({ body }) => body)

    test('is written once a week for what is overdue, and names the owner', async () => {
      await people(
        '- [ ] Add a test (owner: grace, due: 2026-12-04)',
        '- [ ] Not yet (owner: ada, due: 2026-12-20)',
        '- [x] Done (owner: ada, due: 2026-12-01)',
      )
      expect(await remind('2026-12-04T23:00:00Z')).toEqual([])
      expect(await remind('2026-12-05T00:00:00Z')).toMatchObject([{ issue: 1, outcome: 'written' }])
      expect(await remind('2026-12-05T09:00:00Z')).toMatchObject([{ outcome: 'already-there' }])
      expect(comments()).toHaveLength(1)
      expect(comments()[0]).toContain('Add a test, due `2026-12-04`, @grace')
      expect(comments()[0]).not.toContain('ada')
      await remind('2026-12-14T09:00:00Z')
      expect(comments()).toHaveLength(2)
    })

    test('is not written for an item whose sub-issue is closed, nor on a closed post-mortem', async () => {
      await people('- [ ] Add a test (due: 2026-12-04)')
      await make()
      const [child] = children()
      if (child !== undefined) Object.assign(child, { state: 'closed', closedAt: new Date() })
      expect(await remind('2026-12-05T00:00:00Z')).toEqual([])
      if (child !== undefined) child.state = 'open'
      Object.assign(shop.hosted.issues[0] ?? {}, { state: 'closed', closedAt: new Date() })
      expect(await remind('2026-12-05T00:00:00Z')).toEqual([])
    })

    test('comes for the review, too, by the date and the owner that people write, until it is ticked', async () => {
      const days = 5 * 86_400_000
      await write(events, undefined, days)
      const { body } = await postmortem()
      expect(body).toContain('- [ ] Review this post-mortem (owner: ?, due: 2026-11-29)')
      const issue = shop.hosted.issues[0]
      const set = (line: string) =>
        Object.assign(issue ?? {}, {
          body: body.replace(/- \[ \] (?!Review)[^\n]*/g, '').replace(/- \[ \] Review.*/, line),
        })
      set('- [ ] Review this post-mortem (owner: grace, due: 2026-11-30)')
      expect(await remind('2026-11-30T12:00:00Z')).toEqual([])
      expect(await remind('2026-12-01T00:00:00Z')).toMatchObject([{ outcome: 'written' }])
      expect(comments().join('')).toContain('Review this post-mortem, due `2026-11-30`, @grace')
      const { url } = await postmortem()
      const listed = await listOpenItems(
        shop.repository,
        [{ url, incident }],
        new Date('2026-12-01T00:00:00Z'),
      )
      expect(listed).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ text: 'Review this post-mortem', isOverdue: true }),
        ]),
      )
      set('- [x] Review this post-mortem (owner: grace, due: 2026-11-30)')
      expect(await remind('2026-12-20T00:00:00Z')).toEqual([])
      // a review is no work item
      expect(children()).toEqual([])
    })

    test('without a review date there is no such line; a template needs a place for it', async () => {
      await write(events)
      expect((await postmortem()).body).not.toContain('Review this post-mortem')
      const facts = factsOf(events)
      expect(() => fillTemplate('# Mine\n', facts, noEvidence, 86_400_000)).toThrow(
        /`postmortem.review-within` is set, and the file that `postmortem.template` names has no line \{\{ review \}\}; add one/,
      )
      expect(fillTemplate('{{ review }}', facts, noEvidence, 86_400_000)).toBe(
        '- [ ] Review this post-mortem (owner: ?, due: 2026-11-25)\n',
      )
    })

    test('mentions nobody through the words of an item', async () => {
      await people('- [ ] Ask @octo-org/all about #12 (owner: @octo-org/all, due: 2026-12-04)')
      await remind('2026-12-05T00:00:00Z')
      expect(comments()[0]).toContain('without an owner')
      expect(comments()[0]).not.toMatch(/@\w|#\d/)
    })
  })

  test('what is open is listed for the dashboard, overdue first, and a lack of permission is said', async () => {
    await people('- [ ] Later', '- [ ] Add a test (owner: ada, due: 2026-12-04)', '- [x] Done')
    const { url } = await postmortem()
    const issues = [
      { url, incident },
      { url: 'https://github.com/octo-org/other/issues/1', incident },
      { url: 'javascript:1', incident },
    ]
    const now = new Date('2026-12-05T00:00:00Z')
    expect(await listOpenItems(shop.repository, issues, now)).toEqual([
      { text: 'Add a test', owner: 'ada', due: '2026-12-04', isOverdue: true, issue: 1, url },
      { text: 'Later', owner: null, due: null, isOverdue: false, issue: 1, url },
    ])
    const blind = shop.open({ permissions: { contents: 'read' } })
    expect(await listOpenItems(blind, issues, now)).toMatch(/issues: read/)
  })

  test('a closed post-mortem is opened again when the same revision fails again, and not for what came before', async () => {
    await write()
    const [issue] = shop.hosted.issues
    const close = () => Object.assign(issue ?? {}, { state: 'closed', closedAt: new Date() })
    close()
    expect(await write()).toMatchObject({ outcome: 'unchanged' })
    expect(issue?.state).toBe('closed')
    const later = new Date(Date.now() + 10 * 60_000).toISOString()
    expect(await write([...events, healthChecked({ at: later })])).toMatchObject({ outcome: 'reopened' })
    expect(issue?.state).toBe('open')
    expect(shop.hosted.issues).toHaveLength(1)
  })

  describe('as a file', () => {
    const file = async () =>
      filePostmortem(shop.repository, await postmortem(), {
        ...{ facts: factsOf(events), base: 'main', folder: 'docs/postmortems' },
      })

    test('goes by one pull request for one text, with what people wrote', async () => {
      const repository = shop.open({
        permissions: { contents: 'write', issues: 'write', 'pull-requests': 'write' },
      })
      await people('- [ ] Add a test')
      const own = async () =>
        filePostmortem(repository, await postmortem(), {
          ...{ facts: factsOf(events), base: 'main', folder: 'docs/postmortems' },
        })
      const first = await own()
      expect(first.path).toBe(`docs/postmortems/2026-11-24-${incident}.md`)
      expect(await own()).toEqual(first)
      const pulls = shop.hosted.issues.filter(({ pull }) => pull !== undefined)
      expect(pulls).toHaveLength(1)
      const { octokit, owner, repo } = repository
      const { data } = await octokit.rest.repos.getContent({
        ...{ owner, repo, path: first.path, ref: pulls[0]?.pull?.head ?? '' },
        mediaType: { format: 'raw' },
        request: { parseSuccessResponseBody: false },
      })
      const text = await new Response(data as unknown as ReadableStream).text()
      expect(text).toMatch(/^# Post-mortem: production rolled back from bbbbbbb to aaaaaaa\n\n## Summary/)
      expect(text).toContain('- [ ] Add a test')
      expect(text).not.toContain('<!-- rollback-suite')
    })

    test('needs the permission to open one, and says so', async () => {
      await write()
      await expect(file()).rejects.toThrow(/permissions: pull-requests: read/)
      expect(await shop.hosted.git.readRef('refs/heads/main')).toBeDefined()
      const { octokit, owner, repo } = shop.repository
      const { data } = await octokit.rest.git.listMatchingRefs({ owner, repo, ref: 'heads/postmortem' })
      expect(data).toEqual([])
    })
  })
})

describe('a template', () => {
  const facts = factsOf([
    healthChecked({ because: '**x** | @grace' }),
    rolledBack({ reason: '[a](b) <!-- x -->' }),
  ])

  test('has every documented variable filled in, escaped', () => {
    const names = Object.keys(templateVariables)
    const filled = fillTemplate(names.map((name) => `${name} = {{${name}}}`).join('\n'), facts, noEvidence)
    expect(filled).toContain(`revision = ${bad}`)
    expect(filled).toContain('severity = critical')
    expect(filled).toContain('time-to-roll-back = 3 min 20 s')
    expect(filled).toContain('reason = \\[a]\\(b) \\<!-- x -->')
    expect(filled).toMatch(/action-items = - \[ \] Add a test/)
    expect(filled).not.toContain('{{')
  })

  test('is documented: the README lists each variable with what it stands for', () => {
    const readme = readFileSync(
      new URL('../../../actions/postmortem-issue/README.md', import.meta.url),
      'utf8',
    )
    for (const [name, what] of Object.entries(templateVariables))
      expect(readme).toContain(`| \`${name}\` | ${what} |`)
  })

  test('with an unknown variable, or too long, is refused by the setting’s name', () => {
    expect(() => fillTemplate('{{ nothing }}', facts, noEvidence)).toThrow(InputError)
    expect(() => fillTemplate('{{ nothing }}', facts, noEvidence)).toThrow(
      /unknown variable .*write one of incident/,
    )
    expect(() => fillTemplate('x'.repeat(30_001), facts, noEvidence)).toThrow(/at most 30000/)
  })
})
