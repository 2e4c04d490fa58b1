import { ConflictError, message, RefusedError, setting, UnavailableError } from '../../../errors.ts'
import { GitFailure } from '../command.ts'

/** A rule forbids the tag, and nothing else was forbidden: without it the branch may move. */
export class TagRefusedError extends RefusedError {}

/** What git said of a remote, as the error with the way out; what is none of git's is returned as it is. */
export function explainRemote(error: unknown): unknown {
  if (error instanceof Error && error.name === 'AbortError')
    return new UnavailableError('the job was cancelled before the git remote answered', { cause: error })
  if (!(error instanceof GitFailure)) return error
  const options = { cause: error }
  if (
    /Authentication failed|could not read (?:Username|Password)|requested URL returned error: 401/.test(
      error.message,
    )
  )
    return new RefusedError(
      message`the git remote rejected the credentials; check ${setting('remote-username')} and ${setting('remote-password')}`,
      options,
    )
  if (/requested URL returned error: 403|HTTP 403/.test(error.message))
    return new RefusedError(
      message`the git remote knows the user and does not allow this (${lastWords(error)}); let the user of ${setting('remote-username')} read and push`,
      options,
    )
  if (
    /repository '.*' not found|does not appear to be a git repository|returned error: 404/.test(error.message)
  )
    return new RefusedError(
      message`there is no git repository at the address of ${setting('remote')}, or its user may not see it; check the address, ${setting('remote-username')} and ${setting('remote-password')}`,
      options,
    )
  if (/does not support (?:--)?atomic/.test(error.message))
    return new RefusedError(
      'the git remote cannot change a branch and a tag together, and nothing was changed; it takes a server with atomic pushes, which git has since 2.4',
      options,
    )
  return new UnavailableError(
    `the git remote could not be used: ${lastWords(error)}; run again when it can`,
    options,
  )
}

/** What git said of a push that was refused. @param what what was pushed, e.g. `main` */
export function explainPush(error: unknown, what: string): unknown {
  if (!(error instanceof GitFailure)) return explainRemote(error)
  const reasons = refusedRefs(error.output)
  if (reasons.length === 0) return explainRemote(error)
  const options = { cause: error }
  const words = remoteWords(error.said)
  // a ref that is refused only because another one is, or that went while the server was at it, has no reason of its own
  const own = reasons.filter(({ reason }) => !reason.startsWith('atomic '))
  const causes = own.length > 0 ? own.map(({ reason }) => reason) : words
  if (
    causes.some((cause) =>
      /^stale info$|^fetch first$|cannot lock ref .*(?:but expected|exists$)/.test(cause),
    )
  )
    return new ConflictError(
      `could not push ${what}: somebody else pushed in between, and nothing was changed; run again to plan on the new state`,
      options,
    )
  const said = `"${[...new Set([...words, ...causes])].join('; ')}"`
  if (causes.includes('non-fast-forward'))
    return new RefusedError(
      `could not push ${what}: the git remote lets no branch move back (${said}); use mode: restore`,
      options,
    )
  const isTagAlone = own.length > 0 && own.every(({ ref }) => ref.startsWith('refs/tags/'))
  return new (isTagAlone ? TagRefusedError : RefusedError)(
    message`could not push ${what}: a rule of the git remote forbids it (${said}), and nothing was changed; let the user of ${setting('remote-username')} push branches and tags there`,
    options,
  )
}

/** Why refs were refused: `!`, from and to, and the reason in brackets. https://git-scm.com/docs/git-push#_output */
function refusedRefs(output: string): readonly { readonly ref: string; readonly reason: string }[] {
  return output.split('\n').flatMap((line) => {
    const [, ref, reason] = /^!\t[^\t]*:([^\t:]+)\t\[[^\]]*\] \((.*)\)$/.exec(line) ?? []
    return ref === undefined || reason === undefined ? [] : [{ ref, reason }]
  })
}

/** What the server's hooks print. */
function remoteWords(text: string): readonly string[] {
  const words = [...text.matchAll(/^remote: (.*\S)/gm)].map(([, line]) => line ?? '')
  return words.slice(0, 5)
}

/** Git's own last words, in one line. */
function lastWords({ said }: GitFailure): string {
  const line = said.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
