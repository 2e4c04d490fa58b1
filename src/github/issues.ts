import { type Repository, repeatable } from './client.ts'
import { mayWrite } from './permission.ts'
import { explained, isRefused } from './refusal.ts'

export interface Issue {
  /** what other requests name it by, beside its number */
  readonly id: number
  readonly number: number
  readonly url: string
  readonly title: string
  readonly body: string
  readonly open: boolean
  readonly createdAt: Date
  /** undefined while it is open */
  readonly closedAt: Date | undefined
  /** undefined when the account is gone */
  readonly author: { readonly login: string; readonly isBot: boolean } | undefined
}

/** Longer issue bodies and comments are refused by GitHub, in characters. */
export const bodyLimit = 65_536

const permission = 'issues: write'

interface ListedIssue {
  readonly id: number
  readonly created_at: string
  readonly closed_at?: string | null
  readonly number: number
  readonly html_url: string
  readonly title: string
  readonly body?: string | null | undefined
  readonly state: string
  readonly user: { readonly login: string; readonly type?: string } | null
  readonly pull_request?: unknown
}

function toIssue(issue: ListedIssue): Issue {
  return {
    id: issue.id,
    number: issue.number,
    url: issue.html_url,
    title: issue.title,
    body: issue.body ?? '',
    open: issue.state === 'open',
    createdAt: new Date(issue.created_at),
    closedAt: issue.closed_at ? new Date(issue.closed_at) : undefined,
    author: toAuthor(issue.user),
  }
}

/** @param user null when the account is gone */
function toAuthor(user: ListedIssue['user'] | undefined): Issue['author'] {
  return user ? { login: user.login, isBot: user.type === 'Bot' } : undefined
}

/**
 * True for an issue of an app, or of a person who may push to the repository now: a stranger's is never taken for ours. What
 * GitHub calls the author's association is not asked, as it depends on who reads it.
 */
export async function isTrusted(repository: Repository, { author }: Pick<Issue, 'author'>): Promise<boolean> {
  return author !== undefined && (author.isBot || (await mayWrite(repository, author.login)))
}

/** Those of them that are trusted, in the same order. Each account is looked up once. */
export async function trustedAmong<Written extends Pick<Issue, 'author'>>(
  repository: Repository,
  all: readonly Written[],
): Promise<readonly Written[]> {
  const byLogin = new Map(all.map((each) => [each.author?.login, each]))
  const answers = await Promise.all(
    [...byLogin].map(async ([login, each]) => [login, await isTrusted(repository, each)] as const),
  )
  const trusted = new Map(answers)
  return all.filter(({ author }) => trusted.get(author?.login))
}

/** One issue; undefined when it was deleted or moved to another repository. */
export async function readIssue(
  { octokit, owner, repo }: Repository,
  number: number,
): Promise<Issue | undefined> {
  return explained({ doing: `read issue #${number}`, permission: 'issues: read' }, async () => {
    try {
      const { data } = await octokit.rest.issues.get({ owner, repo, issue_number: number })
      return toIssue(data)
    } catch (error) {
      // 410 is a deleted one, which reads as invalid here
      if (isRefused(error, 'not-found') || isRefused(error, 'invalid')) return undefined
      throw error
    }
  })
}

/**
 * Issues of any state that were touched since a time, oldest first. By the list endpoint, which shows an issue as soon as
 * it is made; the search index is seconds behind, and that is how duplicates come about.
 */
export async function listIssues(
  { octokit, owner, repo }: Repository,
  { since }: { since: Date },
): Promise<readonly Issue[]> {
  const issues = await explained({ doing: 'list the issues', permission: 'issues: read' }, () =>
    octokit.paginate(octokit.rest.issues.listForRepo, {
      owner,
      repo,
      state: 'all',
      since: since.toISOString(),
      per_page: 100,
    }),
  )
  return issues
    .filter((issue) => issue.pull_request === undefined)
    .map(toIssue)
    .sort((a, b) => a.number - b.number)
}

/** How many pages of a hundred issues are read of those with a label. */
const mostPages = 10

/**
 * Issues of any state that have all of the labels and were touched since a time, newest first.
 * @returns with `isAll` false when there are more than a thousand, which are left out
 */
export async function listLabelled(
  { octokit, owner, repo }: Repository,
  { labels, since }: { readonly labels: readonly string[]; readonly since: Date },
): Promise<{ readonly issues: readonly Issue[]; readonly isAll: boolean }> {
  return explained({ doing: 'list the issues', permission: 'issues: read' }, async () => {
    const issues: ListedIssue[] = []
    for (let page = 1; page <= mostPages; page += 1) {
      const { data } = await octokit.rest.issues.listForRepo({
        ...{ owner, repo, page, state: 'all', per_page: 100 },
        ...{ labels: labels.join(','), since: since.toISOString() },
      })
      issues.push(...data.filter((issue) => issue.pull_request === undefined))
      if (data.length < 100) return { issues: issues.map(toIssue), isAll: true }
    }
    return { issues: issues.map(toIssue), isAll: false }
  })
}

/** Creates an issue; sent once. When its answer is lost the caller lists again before another try. */
export async function createIssue(
  { octokit, owner, repo }: Repository,
  {
    title,
    body,
    labels,
    assignees,
  }: { title: string; body: string; labels: readonly string[]; assignees: readonly string[] },
): Promise<Issue> {
  const { data } = await octokit.rest.issues.create({
    owner,
    repo,
    title,
    body,
    labels: [...labels],
    assignees: [...assignees],
  })
  return toIssue(data)
}

/** Changes an issue's title and body; setting them to the same again is harmless. @param reopen true to open it again */
export async function updateIssue(
  { octokit, owner, repo }: Repository,
  { number, title, body, reopen }: { number: number; title: string; body: string; reopen: boolean },
): Promise<void> {
  await explained({ doing: `update issue #${number}`, permission }, () =>
    // the same body twice is the same issue, so this PATCH may be repeated
    octokit.rest.issues.update({
      ...{ owner, repo, issue_number: number, title, body, request: repeatable },
      ...(reopen && { state: 'open' }),
    }),
  )
}

/** An issue has no more sub-issues; those that are closed count: https://github.com/orgs/community/discussions/207865 */
export const mostSubIssues = 100

/** The sub-issues of an issue, open and closed. */
export async function listSubIssues(
  { octokit, owner, repo }: Repository,
  { number }: Pick<Issue, 'number'>,
): Promise<readonly Issue[]> {
  const need = { doing: `list the sub-issues of #${number}`, permission: 'issues: read' }
  const listed = await explained(need, () =>
    octokit.paginate(octokit.rest.issues.listSubIssues, { owner, repo, issue_number: number, per_page: 100 }),
  )
  return listed.map(toIssue)
}

/** Makes an issue a part of another one. One that is a part of it already stays so. @throws RefusedError when the other is full */
export async function addSubIssue(
  repository: Repository,
  { parent, child }: { readonly parent: Pick<Issue, 'number'>; readonly child: Pick<Issue, 'id' | 'number'> },
): Promise<void> {
  const { octokit, owner, repo } = repository
  await explained(
    { doing: `make #${child.number} a sub-issue of #${parent.number}`, permission },
    async () => {
      try {
        await octokit.rest.issues.addSubIssue({
          ...{ owner, repo, issue_number: parent.number, sub_issue_id: child.id },
        })
      } catch (error) {
        // after a lost answer it is there
        const own = await listSubIssues(repository, parent)
        if (!own.some(({ number }) => number === child.number)) throw error
      }
    },
  )
}

/** Closes an issue in favour of another one, and gives it the body that says so: rather than a comment, so that it can be repeated. */
export async function closeAsDuplicate(
  { octokit, owner, repo }: Repository,
  { number, of, body }: { number: number; of: number; body: string },
): Promise<void> {
  await explained({ doing: `close issue #${number} as a duplicate of #${of}`, permission }, () =>
    octokit.rest.issues.update({
      owner,
      repo,
      issue_number: number,
      state: 'closed',
      state_reason: 'not_planned',
      body,
      request: repeatable,
    }),
  )
}

/** Puts labels on an issue or a pull request, beside those it has; GitHub makes labels that do not exist yet. */
export async function addLabels(
  { octokit, owner, repo }: Repository,
  { number, labels }: { number: number; labels: readonly string[] },
): Promise<void> {
  if (labels.length === 0) return
  await explained({ doing: `label #${number}`, permission }, () =>
    // the same label twice is one, so this may be repeated
    octokit.rest.issues.addLabels({
      owner,
      repo,
      issue_number: number,
      labels: [...labels],
      request: repeatable,
    }),
  )
}

/**
 * Comments on an issue or a pull request once, however often this is run: known by a hidden marker at the start of the comment.
 * The marker in a stranger's comment, or in a quote of ours, does not count.
 */
export async function commentOnce(
  repository: Repository,
  { number, marker, body }: { number: number; marker: string; body: string },
): Promise<'written' | 'already-there'> {
  const { octokit, owner, repo } = repository
  const hidden = `<!-- ${marker} -->`
  const need = { doing: `comment on #${number}`, permission }
  const comments = await explained(need, () =>
    octokit.paginate(octokit.rest.issues.listComments, { owner, repo, issue_number: number, per_page: 100 }),
  )
  const marked = comments.filter((comment) => comment.body?.startsWith(hidden))
  const ours = await trustedAmong(
    repository,
    marked.map(({ user }) => ({ author: toAuthor(user) })),
  )
  if (ours.length > 0) return 'already-there'
  await explained(need, () =>
    octokit.rest.issues.createComment({ owner, repo, issue_number: number, body: `${hidden}\n${body}` }),
  )
  return 'written'
}
