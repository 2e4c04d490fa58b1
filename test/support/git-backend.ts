import type { IncomingMessage, ServerResponse } from 'node:http'
import { askGit } from './git.ts'

/** A request of git's smart protocol, read. */
export interface GitRequest {
  readonly request: IncomingMessage
  readonly url: URL
  readonly body: Buffer
  readonly response: ServerResponse
}

/** What the server lets git do, after it has decided that the user may. */
export interface GitService {
  /** the folder that the repositories are in */
  readonly root: string
  /** below the root: the repository and the endpoint, e.g. `/team/shop.git/git-upload-pack` */
  readonly path: string
  readonly user: string
  /** for the repository's hooks */
  readonly env?: Readonly<Record<string, string>>
}

interface GitAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly content: Buffer
}

/** Carries it out by git's own server side, and answers. @returns how many bytes the answer has */
export async function runGitBackend(request: GitRequest, service: GitService): Promise<number> {
  const { status, headers, content } = await askGitBackend(request, service)
  const { response } = request
  response.writeHead(status, headers)
  await new Promise<void>((resolve) => response.end(content, resolve))
  return content.length
}

/** Carries it out, and leaves what is answered to the caller: https://git-scm.com/docs/git-http-backend */
export async function askGitBackend(
  { request, url, body }: GitRequest,
  { root, path, user, env = {} }: GitService,
): Promise<GitAnswer> {
  // how it ended is in what it answers
  const { out: answer } = await askGit({
    args: ['http-backend'],
    env: {
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: url.searchParams.toString(),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: user,
      ...env,
    },
    input: body,
  })
  const end = answer.indexOf('\r\n\r\n')
  const head = answer.subarray(0, end).toString('latin1').split('\r\n')
  const headers = head.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon === -1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]]
  })
  const status = Number(headers.find(([name]) => name === 'status')?.[1]?.split(' ')[0] ?? 200)
  const told = Object.fromEntries(headers.filter(([name]) => name !== 'status'))
  return { status, headers: told, content: answer.subarray(end + 4) }
}
