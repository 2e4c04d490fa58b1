import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runGit } from './git.ts'

/** A repository with a work tree, as a person has one, driven by real git. */
export interface WorkRepository {
  readonly directory: string
  /** @returns what git printed, without the last line's end @throws when git fails */
  readonly git: (...args: string[]) => Promise<string>
  readonly write: (path: string, content: string) => Promise<void>
  readonly read: (path: string) => Promise<string>
  readonly link: (path: string, target: string) => Promise<void>
  readonly executable: (path: string, on: boolean) => Promise<void>
  /** Commits all that changed. @returns the full id */
  readonly commit: (message: string) => Promise<string>
  readonly remove: () => Promise<void>
}

export async function openWorkRepository(): Promise<WorkRepository> {
  const directory = await mkdtemp(join(tmpdir(), 'work-'))
  let second = 0
  const git = async (...args: string[]) => {
    const date = `2026-11-24T03:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}Z`
    const env = {
      GIT_TERMINAL_PROMPT: '0',
      GIT_EDITOR: 'true',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    }
    return (await runGit({ args, cwd: directory, env })).toString('utf8').trimEnd()
  }
  await git('init', '--quiet', '--initial-branch=main')
  return {
    directory,
    git,
    async write(path, content) {
      const full = join(directory, path)
      await mkdir(dirname(full), { recursive: true })
      // what was a link or a folder there is no more
      await rm(full, { recursive: true, force: true })
      await writeFile(full, content)
    },
    read: (path) => readFile(join(directory, path), 'utf8'),
    async link(path, target) {
      await rm(join(directory, path), { recursive: true, force: true })
      await symlink(target, join(directory, path))
    },
    executable: (path, on) => chmod(join(directory, path), on ? 0o755 : 0o644),
    async commit(message) {
      second += 1
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
