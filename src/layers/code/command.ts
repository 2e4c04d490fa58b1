import { spawn } from 'node:child_process'
import { InputError, UnavailableError } from '../../errors.ts'

/** Runs git in a repository. Arguments go to the process as they are, never through a shell. */
export interface Git {
  /** @returns what it printed @throws GitFailure when it ends with another status than 0 */
  readonly run: (args: readonly string[], options?: { readonly input?: string | Buffer }) => Promise<string>
  /** The bytes of a file by its id. */
  readonly read: (blob: string) => Promise<Buffer>
}

/** Git ended with a status that is not 0. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure'
  readonly status: number | null
  readonly output: string
  /** on its standard error */
  readonly said: string

  constructor({
    args,
    status,
    output,
    said,
  }: { args: readonly string[]; status: number | null; output: string; said: string }) {
    const command = args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c')
    super(`git ${command ?? ''} ended with ${status ?? 'a signal'}: ${said.trim()}`)
    this.status = status
    this.output = output
    this.said = said
  }
}

export interface Authorization {
  readonly url: string
  /** left out: the one that GitHub takes with a token */
  readonly username?: string
  /** or a password */
  readonly token: string
}

export interface GitOptions {
  /** a bare repository */
  readonly gitDir: string
  /** sent as basic authorization, to an address and not to a path, by configuration in the environment and not on the command line, which others can see */
  readonly authorization?: Authorization
  /** address of the remote `origin`, where that is not in the repository's own configuration */
  readonly origin?: string
  /** where programs are looked for, as in PATH */
  readonly path: string
  readonly signal?: AbortSignal
}

/** As a header of git's requests has them: a secret in this form, too. */
export function basicCredentials({
  username = 'x-access-token',
  token,
}: Pick<Authorization, 'username' | 'token'>): string {
  return Buffer.from(`${username}:${token}`).toString('base64')
}

/** Git with none of the machine's own settings: no hooks, no signing, no credential helper, no question at a prompt. */
export function openGit({ gitDir, authorization, origin, path, signal }: GitOptions): Git {
  const header =
    authorization === undefined || !URL.canParse(authorization.url)
      ? []
      : [
          [
            `http.${new URL(authorization.url).origin}/.extraHeader`,
            `Authorization: Basic ${basicCredentials(authorization)}`,
          ] as const,
        ]
  const settings = [
    ['core.hooksPath', '/dev/null'],
    ['advice.graftFileDeprecated', 'false'],
    ['gc.auto', '0'],
    // a server that sends nothing for five minutes is not waited for any longer
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '300'],
    ['maintenance.auto', 'false'],
    ['commit.gpgSign', 'false'],
    ['user.name', 'rollback'],
    ['user.email', 'rollback@users.noreply.github.com'],
    ['merge.renameLimit', '10000'],
    ...(origin === undefined ? [] : [['remote.origin.url', origin] as const]),
    ...header,
  ] as const
  const env = {
    PATH: path,
    HOME: gitDir,
    GIT_DIR: gitDir,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
  const runForBytes = (args: readonly string[], { input }: { readonly input?: string | Buffer } = {}) =>
    new Promise<Buffer>((resolve, reject) => {
      const child = spawn('git', args, { env, stdio: ['pipe', 'pipe', 'pipe'], ...(signal && { signal }) })
      const [out, said]: [Buffer[], Buffer[]] = [[], []]
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
      // git may end before it has read all of it
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      child.once('error', (error) => reject(isMissing(error) ? noGit() : error))
      child.once('close', (status) => {
        const output = Buffer.concat(out)
        if (status === 0) resolve(output)
        else
          reject(
            new GitFailure({
              args,
              status,
              output: output.toString('utf8'),
              said: Buffer.concat(said).toString('utf8'),
            }),
          )
      })
    })
  return {
    run: async (args, options) => (await runForBytes(args, options)).toString('utf8'),
    read: (blob) => runForBytes(['cat-file', 'blob', blob]),
  }
}

/** `merge-tree --write-tree` came with 2.38: https://github.com/git/git/blob/master/Documentation/RelNotes/2.38.0.txt */
const oldestGit = [2, 38] as const

/** @throws InputError when this machine's git is too old for what is done here, UnavailableError when there is none */
export async function demandGit(
  git: Git,
  wayOut = 'use a newer runner image, or mode: restore',
): Promise<void> {
  const version = await git.run(['version'])
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
  const [a, b] = [Number(major), Number(minor)]
  if (a > oldestGit[0] || (a === oldestGit[0] && b >= oldestGit[1])) return
  throw new InputError(
    `this runner has ${version.trim()}, and this takes git ${oldestGit.join('.')} or later; ${wayOut}`,
  )
}

function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT'
}

function noGit(): UnavailableError {
  return new UnavailableError(
    'git is not installed on this runner: install it, or use mode: restore, which does not need it',
  )
}
