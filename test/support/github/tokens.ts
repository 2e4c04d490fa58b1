import { Refusal } from './refusal.ts'

export type Level = 'read' | 'write'

export interface TokenOptions {
  readonly login: string
  /** `actions` is the token of a workflow's job; commits that a bot makes through the API are signed by GitHub */
  readonly kind: 'user' | 'app' | 'actions'
  /** e.g. `{ contents: 'write' }`, as in a workflow's `permissions:` */
  readonly permissions: Readonly<Record<string, Level>>
  /** how the user stands to the repository, for the issues that they write */
  readonly association?: 'OWNER' | 'MEMBER' | 'COLLABORATOR' | 'CONTRIBUTOR' | 'NONE'
}

export interface Token extends TokenOptions {
  readonly value: string
  readonly isBot: boolean
}

/** @throws Refusal as GitHub words it for this kind of token. @param needed e.g. `contents:write` */
export function demandPermission(token: Token, needed: string): void {
  const [scope = '', level] = needed.split(':')
  if (hasPermission(token, scope, level === 'write' ? 'write' : 'read')) return
  const headers = { 'x-accepted-github-permissions': needed.replace(':', '=').replace('-', '_') }
  const what = token.kind === 'user' ? 'personal access token' : 'integration'
  throw new Refusal(403, `Resource not accessible by ${what}`, { headers })
}

export function hasPermission({ permissions }: Token, scope: string, level: Level): boolean {
  // every token may read what a repository is called
  if (scope === 'metadata') return true
  const held = permissions[scope]
  return held === 'write' || held === level
}
