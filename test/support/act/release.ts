import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
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
  await change?.(directory)
  return ['--local-repository', `${publishedName}@${publishedTag}=${directory}`]
}
