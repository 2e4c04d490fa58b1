import { createServer } from 'node:http'
import { dirname } from 'node:path'
import { askGitBackend, runGitBackend } from './git-backend.ts'
import type { GitRemote } from './git-remote.ts'
import { listen, readBody } from './github/wire.ts'

/** Who the server knows, and what of. */
export const deployer = { username: 'deployer', password: 'c0rrect-h0rse' } as const
/** May fetch, and not push. */
export const reader = { username: 'reader', password: 'b4ttery-staple' } as const

/** What git asks for when it is about to fetch, or to push. */
export type GitEndpoint = 'info/refs' | 'git-upload-pack' | 'git-receive-pack'

/** A git server over HTTP, that is not GitHub: it wants a name and a password. */
export interface GitServer {
  /** of the repository */
  readonly url: string
  /** bytes of the answers so far */
  readonly sent: () => number
  /** Called for each request, before it is carried out; what it throws cuts the line. @returns what ends the calls */
  readonly onRequest: (listener: (endpoint: GitEndpoint) => Promise<void> | void) => () => void
  /** Carries the next push out, and cuts the line before it is answered. @param then happens in between */
  readonly loseAnswer: (then?: () => Promise<unknown>) => void
  readonly close: () => Promise<void>
}

export async function startGitServer({ path }: Pick<GitRemote, 'path'>): Promise<GitServer> {
  const users = new Map<string, string>()
  for (const { username, password } of [deployer, reader])
    users.set(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`, username)
  const listeners = new Set<(endpoint: GitEndpoint) => Promise<void> | void>()
  let sent = 0
  let losing: (() => Promise<unknown>) | undefined
  const server = createServer(async (request, response) => {
    const body = await readBody(request)
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const endpoint = url.pathname.replace('/team/shop.git/', '')
    const user = users.get(request.headers.authorization ?? '')
    const refuse = (status: number, text: string) => response.writeHead(status).end(`${text}\n`)
    if (user === undefined) {
      response.setHeader('www-authenticate', 'Basic realm="git"')
      return void refuse(401, 'Who are you?')
    }
    if (!isEndpoint(endpoint)) return void refuse(404, 'No such repository.')
    const isPush = [endpoint, url.searchParams.get('service')].includes('git-receive-pack')
    if (isPush && user === reader.username) return void refuse(403, 'You may not push.')
    try {
      for (const listener of listeners) await listener(endpoint)
    } catch {
      return void response.destroy()
    }
    const work = { root: dirname(dirname(path)), path: url.pathname, user }
    if (endpoint === 'git-receive-pack' && losing !== undefined) {
      const then = losing
      losing = undefined
      await askGitBackend({ request, url, body, response }, work)
      await then()
      return void response.destroy()
    }
    sent += await runGitBackend({ request, url, body, response }, work)
  })
  const address = await listen(server)
  return {
    url: `${address}/team/shop.git`,
    sent: () => sent,
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    loseAnswer(then = async () => {}) {
      losing = then
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections()
        server.close((error) => (error === undefined ? resolve() : reject(error)))
      }),
  }
}

function isEndpoint(path: string): path is GitEndpoint {
  return path === 'info/refs' || path === 'git-upload-pack' || path === 'git-receive-pack'
}
