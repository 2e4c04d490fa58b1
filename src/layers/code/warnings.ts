import { type Changes, listedFiles } from './changes.ts'

/** Something about a rollback that people should know before it happens. */
export interface Warning {
  readonly kind:
    | 'migrations'
    /** of commits that came after the failed revision: a database undoes those of that revision alone */
    | 'later-migrations'
    | 'lock-files'
    | 'workflow-files'
    | 'submodules'
    | 'unlisted'
    /** the target is not on the branch */
    | 'elsewhere'
    /** other environments are deployed from the branch */
    | 'environments'
  readonly message: string
  readonly paths: readonly string[]
}

const kinds: readonly {
  readonly kind: Warning['kind']
  readonly pattern: RegExp
  readonly message: string
}[] = [
  {
    kind: 'migrations',
    pattern: /(^|\/)(migrations?|migrate|alembic|flyway|changelogs?)\/[^/]+|\.(up|down)\.sql$/i,
    message:
      'files of database migrations change, and the database does not: check that the restored code runs with the current schema; see db-restore',
  },
  {
    kind: 'lock-files',
    pattern:
      /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Gemfile\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|Cargo\.lock|go\.sum|composer\.lock|packages\.lock\.json|mix\.lock|pubspec\.lock|Podfile\.lock)$/,
    message: 'dependencies change: the build must install them again',
  },
  {
    kind: 'workflow-files',
    pattern: /^\.github\/workflows\/[^/]+\.ya?ml$/,
    message:
      'workflow files change, and `GITHUB_TOKEN` cannot change them: use the token of a GitHub App with `workflows: write`',
  },
]

/** What among the changes of a rollback needs a second look. @param isPlain a git server, which has no rules for workflow files */
export function findWarnings(
  { paths, submodules, isComplete }: Changes,
  isPlain = false,
): readonly Warning[] {
  const modules = new Set([...submodules, ...paths.filter((path) => path === '.gitmodules')])
  const asked = isPlain ? kinds.filter(({ kind }) => kind !== 'workflow-files') : kinds
  const found: Warning[] = asked.map(({ kind, pattern, message }) => ({
    kind,
    message,
    paths: paths.filter((path) => pattern.test(path)),
  }))
  found.push({
    kind: 'submodules',
    message: 'submodules change: the commits that they are pinned to must still exist',
    paths: [...modules],
  })
  return [...found.filter((warning) => warning.paths.length > 0), ...(isComplete ? [] : [unlisted])]
}

/** What among the changes of later commits, which are undone with the failed revision, needs a second look. */
export function findLaterWarnings({ paths, isComplete }: Omit<Changes, 'submodules'>): readonly Warning[] {
  const kind = 'later-migrations'
  const message =
    'migrations of commits after the failed revision are undone in the code, and stay in the database'
  const found = findWarnings({ paths, submodules: [], isComplete: true }).filter(
    (warning) => warning.kind === 'migrations',
  )
  if (found.length > 0) return found.map((warning) => ({ ...warning, kind, message }))
  if (isComplete) return []
  const unseen =
    'more files changed after the failed revision than can be listed: migrations among them are undone in the code, and stay in the database'
  return [{ kind, message: unseen, paths: [] }]
}

const unlisted: Warning = {
  kind: 'unlisted',
  message: `more files change than GitHub lists (${listedFiles}), in trees that are too large to read: migrations, lock files and submodules among the others are not listed`,
  paths: [],
}

/** A warning in one line, with the first of its paths. */
export function sayWarning({ message, paths }: Warning): string {
  return paths.length === 0 ? message : `${message} (${paths.slice(0, 3).join(', ')})`
}
