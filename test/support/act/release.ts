import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishedName, publishedTag } from '../../../src/published.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** What users get of the suite by its tag: act copies all of it for each step, so it is without the rest of the checkout. */
const released = ['action.yml', 'actions', 'dist', '.github/workflows']

/**
 * Copies what a release holds into a folder, links where nothing is written.
 * @param change called with the folder, to make something in it wrong
 * @returns act's arguments that put it in the place of `uses: …@v1`, for actions and for workflows
 */
export async function layOutRelease(
  directory: string,
  change?: (folder: string) => Promise<void>,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true })
  for (const path of released)
    if (existsSync(join(root, path))) await cp(join(root, path), join(directory, path), { recursive: true })
  await withoutNewKeys(join(directory, '.github/workflows'))
  await change?.(directory)
  return ['--local-repository', `${publishedName}@${publishedTag}=${directory}`]
}

/** For `change`: writes something else in a file of the release. @throws when it does not hold what is to be changed */
export function changeInRelease(file: string, from: string | RegExp, to: string) {
  return async (release: string): Promise<void> => {
    const path = join(release, file)
    const before = readFileSync(path, 'utf8')
    const after = before.replace(from, to)
    if (after === before) throw new Error(`there is no ${from} in ${file}`)
    await writeFile(path, after)
  }
}

/** act refuses a workflow for a key that is newer than it; it keeps to no `concurrency`, and makes no deployments, anyway. */
async function withoutNewKeys(workflows: string): Promise<void> {
  for (const name of readdirSync(workflows)) {
    const path = join(workflows, name)
    await writeFile(path, readFileSync(path, 'utf8').replace(/^ +(queue: max|deployment: false)\n/gm, ''))
  }
}

/** What the stand-ins for the artifact actions are made of; put there by script/bootstrap. */
export const artifactLibrary = join(
  root,
  '.cache/test-servers/actions-artifact/node_modules/@actions/artifact/lib/artifact.js',
)

const standInOf: Readonly<Record<string, string>> = {
  'upload-artifact': 'artifact/upload',
  'download-artifact': 'artifact/download',
  'upload-pages-artifact': 'artifact/upload',
  'deploy-pages': 'pages',
}

/**
 * Other people's actions can't be downloaded in continuous integration: act is given stand-ins for the artifact actions and those of
 * Pages, at the very commits that the suite pins.
 */
export function standIns(release: string): readonly string[] {
  const used = new Set(
    readdirSync(release, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yml'))
      .flatMap((path) => [
        ...readFileSync(join(release, path), 'utf8').matchAll(
          /uses: (actions\/(\w+-(?:pages-)?artifact|deploy-pages)@[0-9a-f]{40})/g,
        ),
      ])
      .map(([, uses, name = '']) => `${uses}=${join(root, 'test/support/act', standInOf[name] ?? name)}`),
  )
  return [...used].flatMap((each) => ['--local-repository', each])
}
