import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs with a private folder for temporary files, and removes it afterwards. */
export async function inScratchFolder<T>(
  env: NodeJS.ProcessEnv,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(env['RUNNER_TEMP'] ?? tmpdir(), 'rollback-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
