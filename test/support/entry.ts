import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The source that starts an action, as the build finds it. */
export function entryOf(action: string): string {
  const [index, whole] = ['index', 'action'].map((file) =>
    fileURLToPath(new URL(`../../src/actions/${action}/${file}.ts`, import.meta.url)),
  )
  return index !== undefined && existsSync(index) ? index : (whole ?? '')
}
