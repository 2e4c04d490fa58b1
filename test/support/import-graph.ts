import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a file of the source loads when it is imported: itself, all that it imports, and so on; by `import()` nothing. */
export interface Loaded {
  /** paths of our own files, from the top of the repository, each with the file by which it was reached first */
  readonly files: ReadonlyMap<string, string | undefined>
  /** names of npm packages, each with the file that imports it */
  readonly packages: ReadonlyMap<string, string>
}

/** @param entry path from the top of the repository */
export function loadedBy(entry: string): Loaded {
  const files = new Map<string, string | undefined>([[entry, undefined]])
  const packages = new Map<string, string>()
  for (const [file] of files) {
    for (const imported of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (imported.startsWith('node:')) continue
      if (!imported.startsWith('.')) {
        const [scope = '', name] = imported.split('/')
        packages.set(scope.startsWith('@') ? `${scope}/${name}` : scope, file)
      } else {
        const path = relative(root, join(root, dirname(file), imported))
        if (!files.has(path)) files.set(path, file)
      }
    }
  }
  return { files, packages }
}

/** What is imported when a file runs: not types, and not what `import()` loads on need. */
function importsOf(source: string): readonly string[] {
  const pattern = /^(?:import|export) (?!type\b)(?:(?:[^'"]*?) from )?'([^']+)'/gms
  return [...source.matchAll(pattern)]
    .filter(([statement]) => !/^(?:import|export) \{(?:\s*type [\w ]+,?)+\s*\} from/.test(statement))
    .flatMap(([, imported]) => imported ?? [])
}
