/** Something about a rollback that people should know before it happens. */
export interface Warning {
  readonly kind: 'migrations' | 'lock-files' | 'workflow-files' | 'submodules'
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
  {
    kind: 'submodules',
    pattern: /^\.gitmodules$/,
    message: 'submodules change: the commits they are pinned to have to be there still',
  },
]

/** What among the files of a rollback needs a second look. */
export function findWarnings(paths: readonly string[]): readonly Warning[] {
  return kinds.flatMap(({ kind, pattern, message }) => {
    const found = paths.filter((path) => pattern.test(path))
    return found.length === 0 ? [] : [{ kind, message, paths: found }]
  })
}
