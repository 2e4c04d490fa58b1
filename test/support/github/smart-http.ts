import { dirname } from 'node:path'
import { type GitRequest, runGitBackend } from '../git-backend.ts'
import type { HostedRepository } from './hosted-repository.ts'
import { type Objection, objectionTo } from './rules.ts'
import { hasPermission, type Token } from './tokens.ts'

/** A repository's address with or without `.git`, and what git's smart protocol asks of it. */
const gitPath =
  /^\/(?<owner>[^/]+)\/(?<name>[^/]+?)(\.git)?\/(?<endpoint>info\/refs|git-upload-pack|git-receive-pack)$/

/**
 * Clone, fetch and push over HTTP, by git's own server side: https://git-scm.com/docs/git-http-backend
 * @returns false when the request is none of git's
 */
export async function serveGit(
  git: GitRequest,
  { repositories, token }: { repositories: ReadonlyMap<string, HostedRepository>; token: Token | undefined },
): Promise<boolean> {
  const { url, response } = git
  const { owner, name, endpoint } = gitPath.exec(url.pathname)?.groups ?? {}
  if (endpoint === undefined) return false
  const refuse = (status: number, text: string) => {
    // git prints the text of such an answer
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`)
    return true
  }
  if (token === undefined) {
    response.setHeader('www-authenticate', 'Basic realm="GitHub"')
    return refuse(
      401,
      'Invalid username or token. Password authentication is not supported for Git operations.',
    )
  }
  const repository = repositories.get(`${owner}/${name}`.toLowerCase())
  if (repository === undefined) return refuse(404, 'Repository not found.')
  const service = endpoint === 'info/refs' ? url.searchParams.get('service') : endpoint
  if (service === null) return refuse(403, 'Please upgrade your git client.')
  if (!hasPermission(token, 'contents', 'read')) return refuse(403, 'Write access to repository not granted.')
  if (service === 'git-receive-pack') {
    const denied = `Permission to ${repository.owner}/${repository.name}.git denied to ${token.login}.`
    if (!hasPermission(token, 'contents', 'write')) return refuse(403, denied)
    if (repository.archived) return refuse(403, 'This repository was archived so it is read-only.')
  }
  const refused = endpoint === 'git-receive-pack' ? await refusedRefs(git.body, { repository, token }) : ''
  await runGitBackend(git, {
    root: dirname(dirname(repository.gitDir)),
    path: `/${repository.owner}/${repository.name}.git/${endpoint}`,
    user: token.login,
    env: { REFUSED_REFS: refused },
  })
  return true
}

/**
 * The refs that a rule keeps the push from changing, for the hook `update`. Rules judge the commits themselves, so what
 * is pushed is stored first; when it is refused it stays behind as objects that nothing points at, which GitHub throws away.
 */
async function refusedRefs(
  body: Buffer,
  { repository, token }: { repository: HostedRepository; token: Token },
): Promise<string> {
  const { commands, pack } = readPush(body)
  if (pack.length > 0) await repository.git.git(['index-pack', '--stdin', '--fix-thin'], { input: pack })
  const lines = commands.map(async (change) => {
    const objection = await objectionTo(repository, change, token)
    const said = objection === undefined ? [] : explainToPusher(change.ref, objection)
    return said.map((line) => `${change.ref}\t${line}`)
  })
  return (await Promise.all(lines)).flat().join('\n')
}

/** As git prints it to the pusher. GitHub also says the kind in place of git's own `(hook declined)`. */
function explainToPusher(ref: string, { kind, reasons }: Objection): readonly string[] {
  if (kind === 'workflows') return reasons
  const what =
    kind === 'ruleset'
      ? `GH013: Repository rule violations found for ${ref}.`
      : `GH006: Protected branch update failed for ${ref}.`
  return [`error: ${what}`, '', ...reasons.map((reason) => `- ${reason}`), '']
}

/** A push is commands in pkt-lines, a flush, and a pack: https://git-scm.com/docs/gitprotocol-pack */
function readPush(body: Buffer): {
  readonly commands: readonly { ref: string; from: string; to: string }[]
  readonly pack: Buffer
} {
  const orNone = (sha: string) => (/^0+$/.test(sha) ? '' : sha)
  const commands: { ref: string; from: string; to: string }[] = []
  let at = 0
  while (at + 4 <= body.length) {
    const length = Number.parseInt(body.subarray(at, at + 4).toString('latin1'), 16)
    if (!(length > 4)) break
    const line = body.subarray(at + 4, at + length).toString('utf8')
    const [from, to, ref] = (line.split('\0')[0] ?? '').trim().split(' ')
    if (from && to && ref) commands.push({ ref, from: orNone(from), to: orNone(to) })
    at += length
  }
  return { commands, pack: body.subarray(at + 4) }
}
