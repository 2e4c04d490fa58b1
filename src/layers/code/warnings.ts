import { type Changes, listedFiles } from './changes.ts'

/** Something about a rollback that people should know before it happens. */
export interface Warning {
  readonly kind: 'migrations' | 'lock-files' | 'workflow-files' | 'submodules' | 'unlisted'
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
      'database migrations are undone in the code, not in the database: the old code may meet the new schema; see db-restore',
  },
  {
    kind: 'lock-files',
    pattern:
      /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Gemfile\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|Cargo\.lock|go\.sum|composer\.lock|packages\.lock\.json|mix\.lock|pubspec\.lock|Podfile\.lock)$/,
    message: 'dependencies go back too: the build has to install them anew',
  },
  {
    kind: 'workflow-files',
    pattern: /^\.github\/workflows\/[^/]+\.ya?ml$/,
    message:
      'workflow files change: the workflow\'s own token may not do that; give input "token" that of a GitHub App with `workflows: write`',
  },
]

/** What among the changes of a rollback needs a second look. */
export function findWarnings({ paths, submodules, isComplete }: Changes): readonly Warning[] {
  const modules = new Set([...submodules, ...paths.filter((path) => path === '.gitmodules')])
  const found: Warning[] = kinds.map(({ kind, pattern, message }) => ({
    kind,
    message,
    paths: paths.filter((path) => pattern.test(path)),
  }))
  found.push({
    kind: 'submodules',
    message: 'submodules change: the commits they are pinned to have to be there still',
    paths: [...modules],
  })
  return [...found.filter((warning) => warning.paths.length > 0), ...(isComplete ? [] : [unlisted])]
}

const unlisted: Warning = {
  kind: 'unlisted',
  message: `more files change than GitHub lists (${listedFiles}), in trees too large to read: migrations, lock files and submodules among the others are not told`,
  paths: [],
}

/** A warning in one line, with the first of its paths. */
export function sayWarning({ message, paths }: Warning): string {
  return paths.length === 0 ? message : `${message} (${paths.slice(0, 3).join(', ')})`
}
