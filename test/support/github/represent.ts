import type { components } from '@octokit/openapi-types'
import type {
  Comment,
  CommitStatus,
  Deployment,
  DeploymentStatus,
  HostedRepository,
  Issue,
  Label,
} from './hosted-repository.ts'
import type { Person, StoredCommit, StoredTag } from './object-text.ts'

export type Schema<N extends keyof components['schemas']> = components['schemas'][N]

/** GitHub's times have no fraction of a second. */
export function isoTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url')
}

/** An account by its login. A bot's ends with `[bot]`. */
export function simpleUser({ usersUrl, htmlUrl }: HostedRepository, login: string): Schema<'simple-user'> {
  const url = `${usersUrl}/${encodeURIComponent(login)}`
  const id = [...login].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 1000)
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `${url}/avatar`,
    gravatar_id: '',
    url,
    html_url: new URL(`/${encodeURIComponent(login)}`, htmlUrl).href,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  }
}

const signedPayload = { reason: 'valid', signature: 'signed by GitHub', payload: 'the commit' } as const

export function verification(repository: HostedRepository, sha: string): Schema<'verification'> {
  if (!repository.signed.has(sha))
    return { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }
  return { verified: true, ...signedPayload, verified_at: isoTime(new Date()) }
}

function person({ name, email, date }: Person) {
  return { name, email, date: isoTime(date) }
}

/** A commit as the Git Data API shows it. */
export function gitCommit(repository: HostedRepository, commit: StoredCommit): Schema<'git-commit'> {
  const { apiUrl, htmlUrl } = repository
  const { sha, tree, parents, author, committer, message } = commit
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url: `${apiUrl}/git/commits/${sha}`,
    html_url: `${htmlUrl}/commit/${sha}`,
    author: person(author),
    committer: person(committer),
    message,
    tree: { sha: tree, url: `${apiUrl}/git/trees/${tree}` },
    parents: parents.map((parent) => ({
      sha: parent,
      url: `${apiUrl}/git/commits/${parent}`,
      html_url: `${htmlUrl}/commit/${parent}`,
    })),
    verification: verification(repository, sha),
  }
}

/** A commit as the repository's own API shows it. */
export function commit(repository: HostedRepository, stored: StoredCommit): Schema<'commit'> {
  const { apiUrl, htmlUrl } = repository
  const { sha, tree, parents, author, committer, message } = stored
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url: `${apiUrl}/commits/${sha}`,
    html_url: `${htmlUrl}/commit/${sha}`,
    comments_url: `${apiUrl}/commits/${sha}/comments`,
    commit: {
      url: `${apiUrl}/git/commits/${sha}`,
      author: person(author),
      committer: person(committer),
      message,
      comment_count: 0,
      tree: { sha: tree, url: `${apiUrl}/git/trees/${tree}` },
      verification: verification(repository, sha),
    },
    author: simpleUser(repository, author.name),
    committer: simpleUser(repository, committer.name),
    parents: parents.map((parent) => ({
      sha: parent,
      url: `${apiUrl}/commits/${parent}`,
      html_url: `${htmlUrl}/commit/${parent}`,
    })),
  }
}

export function gitRef(
  { apiUrl }: HostedRepository,
  ref: { name: string; sha: string; type: string },
): Schema<'git-ref'> {
  const { name, sha, type } = ref
  const object = { type, sha, url: `${apiUrl}/git/${type}s/${sha}` }
  return { ref: name, node_id: nodeId('Ref', name), url: `${apiUrl}/git/${encodeURI(name)}`, object }
}

export function gitTag({ apiUrl }: HostedRepository, stored: StoredTag): Schema<'git-tag'> {
  const { sha, tag, object, tagger, message } = stored
  return {
    node_id: nodeId('Tag', sha),
    sha,
    url: `${apiUrl}/git/tags/${sha}`,
    tagger: person(tagger),
    object: { ...object, url: `${apiUrl}/git/${object.type}s/${object.sha}` },
    tag,
    message,
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  }
}

export function deployment(repository: HostedRepository, stored: Deployment): Schema<'deployment'> {
  const url = `${repository.apiUrl}/deployments/${stored.id}`
  const newest = stored.statuses[0]
  return {
    url,
    id: stored.id,
    node_id: nodeId('Deployment', stored.id),
    sha: stored.sha,
    ref: stored.ref,
    task: stored.task,
    payload: stored.payload,
    original_environment: stored.environment,
    environment: stored.environment,
    description: stored.description,
    creator: simpleUser(repository, stored.creator.login),
    created_at: isoTime(stored.createdAt),
    updated_at: isoTime(newest?.createdAt ?? stored.createdAt),
    statuses_url: `${url}/statuses`,
    repository_url: repository.apiUrl,
    transient_environment: stored.transient,
    production_environment: stored.production,
  }
}

export function deploymentStatus(
  repository: HostedRepository,
  { id }: Deployment,
  status: DeploymentStatus,
): Schema<'deployment-status'> {
  const url = `${repository.apiUrl}/deployments/${id}`
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DeploymentStatus', status.id),
    // GitHub also sends `waiting`, which its description lacks: see openapi.ts
    state: status.state as Schema<'deployment-status'>['state'],
    creator: simpleUser(repository, status.creator.login),
    description: status.description,
    environment: status.environment,
    // the description wants an address where GitHub itself sends an empty text when none was given
    target_url: status.logUrl || url,
    ...(status.logUrl !== '' && { log_url: status.logUrl }),
    ...(status.environmentUrl !== '' && { environment_url: status.environmentUrl }),
    created_at: isoTime(status.createdAt),
    updated_at: isoTime(status.createdAt),
    deployment_url: url,
    repository_url: repository.apiUrl,
  }
}

export function label({ apiUrl }: HostedRepository, stored: Label): Schema<'label'> {
  return {
    id: stored.id,
    node_id: nodeId('Label', stored.id),
    url: `${apiUrl}/labels/${encodeURIComponent(stored.name)}`,
    name: stored.name,
    description: stored.description,
    color: stored.color,
    default: false,
  }
}

export function issue(repository: HostedRepository, stored: Issue): Schema<'issue'> {
  const url = `${repository.apiUrl}/issues/${stored.number}`
  const assignees = stored.assignees.map((login) => simpleUser(repository, login))
  return {
    id: stored.id,
    node_id: nodeId('Issue', stored.id),
    url,
    repository_url: repository.apiUrl,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: `${repository.htmlUrl}/issues/${stored.number}`,
    number: stored.number,
    state: stored.state,
    state_reason: stored.stateReason,
    title: stored.title,
    body: stored.body,
    user: simpleUser(repository, stored.author.login),
    labels: stored.labels.map((name) => {
      const known = repository.labels.find((each) => each.name === name)
      return known === undefined ? name : label(repository, known)
    }),
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    locked: false,
    comments: repository.comments.filter((each) => each.issue === stored.number).length,
    closed_at: stored.closedAt === null ? null : isoTime(stored.closedAt),
    created_at: isoTime(stored.createdAt),
    updated_at: isoTime(stored.updatedAt),
    author_association: associationOf(stored),
    ...(stored.pull !== undefined && {
      pull_request: {
        url: `${repository.apiUrl}/pulls/${stored.number}`,
        html_url: `${repository.htmlUrl}/pull/${stored.number}`,
        diff_url: `${repository.htmlUrl}/pull/${stored.number}.diff`,
        patch_url: `${repository.htmlUrl}/pull/${stored.number}.patch`,
      },
    }),
  }
}

export function comment(repository: HostedRepository, stored: Comment): Schema<'issue-comment'> {
  return {
    id: stored.id,
    node_id: nodeId('IssueComment', stored.id),
    url: `${repository.apiUrl}/issues/comments/${stored.id}`,
    html_url: `${repository.htmlUrl}/issues/${stored.issue}#issuecomment-${stored.id}`,
    issue_url: `${repository.apiUrl}/issues/${stored.issue}`,
    body: stored.body,
    user: simpleUser(repository, stored.author.login),
    created_at: isoTime(stored.createdAt),
    updated_at: isoTime(stored.updatedAt),
    author_association: associationOf(stored),
  }
}

function associationOf({ author }: Issue | Comment) {
  return author.isBot ? 'NONE' : (author.association ?? 'COLLABORATOR')
}

export function commitStatus(repository: HostedRepository, stored: CommitStatus): Schema<'status'> {
  return {
    url: `${repository.apiUrl}/statuses/${stored.sha}`,
    avatar_url: null,
    id: stored.id,
    node_id: nodeId('Status', stored.id),
    state: stored.state,
    description: stored.description,
    target_url: stored.targetUrl,
    context: stored.context,
    created_at: isoTime(stored.createdAt),
    updated_at: isoTime(stored.createdAt),
    creator: simpleUser(repository, stored.creator.login),
  }
}

/** A repository as others mention it. */
export function minimalRepository(hosted: HostedRepository) {
  const { owner, name, id, nodeId: node, apiUrl, htmlUrl } = hosted
  return {
    id,
    node_id: node,
    name,
    full_name: `${owner}/${name}`,
    owner: simpleUser(hosted, owner),
    private: true,
    html_url: htmlUrl,
    description: null,
    fork: false,
    url: apiUrl,
    archive_url: `${apiUrl}/{archive_format}{/ref}`,
    assignees_url: `${apiUrl}/assignees{/user}`,
    blobs_url: `${apiUrl}/git/blobs{/sha}`,
    branches_url: `${apiUrl}/branches{/branch}`,
    collaborators_url: `${apiUrl}/collaborators{/collaborator}`,
    comments_url: `${apiUrl}/comments{/number}`,
    commits_url: `${apiUrl}/commits{/sha}`,
    compare_url: `${apiUrl}/compare/{base}...{head}`,
    contents_url: `${apiUrl}/contents/{+path}`,
    contributors_url: `${apiUrl}/contributors`,
    deployments_url: `${apiUrl}/deployments`,
    downloads_url: `${apiUrl}/downloads`,
    events_url: `${apiUrl}/events`,
    forks_url: `${apiUrl}/forks`,
    git_commits_url: `${apiUrl}/git/commits{/sha}`,
    git_refs_url: `${apiUrl}/git/refs{/sha}`,
    git_tags_url: `${apiUrl}/git/tags{/sha}`,
    hooks_url: `${apiUrl}/hooks`,
    issue_comment_url: `${apiUrl}/issues/comments{/number}`,
    issue_events_url: `${apiUrl}/issues/events{/number}`,
    issues_url: `${apiUrl}/issues{/number}`,
    keys_url: `${apiUrl}/keys{/key_id}`,
    labels_url: `${apiUrl}/labels{/name}`,
    languages_url: `${apiUrl}/languages`,
    merges_url: `${apiUrl}/merges`,
    milestones_url: `${apiUrl}/milestones{/number}`,
    notifications_url: `${apiUrl}/notifications{?since,all,participating}`,
    pulls_url: `${apiUrl}/pulls{/number}`,
    releases_url: `${apiUrl}/releases{/id}`,
    stargazers_url: `${apiUrl}/stargazers`,
    statuses_url: `${apiUrl}/statuses/{sha}`,
    subscribers_url: `${apiUrl}/subscribers`,
    subscription_url: `${apiUrl}/subscription`,
    tags_url: `${apiUrl}/tags`,
    teams_url: `${apiUrl}/teams`,
    trees_url: `${apiUrl}/git/trees{/sha}`,
  } satisfies Schema<'minimal-repository'>
}

export function fullRepository(hosted: HostedRepository) {
  const { cloneUrl, htmlUrl, defaultBranch, archived, createdAt, issues, owner, name } = hosted
  const openIssues = issues.filter(({ state }) => state === 'open').length
  const { host } = new URL(htmlUrl)
  return {
    ...minimalRepository(hosted),
    visibility: 'private',
    clone_url: cloneUrl,
    git_url: `git://${host}/${owner}/${name}.git`,
    ssh_url: `git@${host}:${owner}/${name}.git`,
    svn_url: htmlUrl,
    default_branch: defaultBranch,
    forks: 0,
    forks_count: 0,
    network_count: 0,
    stargazers_count: 0,
    subscribers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: openIssues,
    open_issues_count: openIssues,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    homepage: null,
    language: null,
    license: null,
    mirror_url: null,
    archived,
    disabled: false,
    size: 1,
    created_at: isoTime(createdAt),
    updated_at: isoTime(createdAt),
    pushed_at: isoTime(createdAt),
  } satisfies Schema<'full-repository'>
}
