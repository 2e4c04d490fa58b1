import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openWorkRepository, type WorkRepository } from './work-repository.ts'

const execute = promisify(execFile)

/** A bare repository as a git server has it, and somebody's clone of it. */
export interface GitRemote {
  /** of the bare repository: git takes it as an address */
  readonly path: string
  /** for what a test makes on the way */
  readonly directory: string
  readonly work: WorkRepository
  /** full ids of four commits of main, oldest first: each changes `price.txt`, and adds a file to `app` and one to `lib/deep` */
  readonly commits: readonly [string, string, string, string]
  /** Runs git in the bare repository. @returns what it printed, without the last line's end */
  readonly git: (...args: string[]) => Promise<string>
  /** Somebody fetches main, commits a file on top, and pushes it. @returns the full id */
  readonly pushOnTop: (path: string, content?: string) => Promise<string>
  /** Puts a shell script in place as a hook of the server. */
  readonly hook: (name: string, script: string) => Promise<void>
  readonly close: () => Promise<void>
}

export async function openGitRemote(): Promise<GitRemote> {
  const directory = await mkdtemp(join(tmpdir(), 'git-remote-'))
  const path = join(directory, 'team', 'shop.git')
  const work = await openWorkRepository()
  const git = async (...args: string[]) => {
    const { stdout } = await execute('git', ['-C', path, ...args], { maxBuffer: 64 * 1024 * 1024 })
    return stdout.trimEnd()
  }
  await work.git('init', '--quiet', '--bare', '--initial-branch=main', path)
  await git('config', 'uploadpack.allowFilter', 'true')
  await git('config', 'http.receivepack', 'true')
  const change = async (n: number) => {
    await work.write(`app/${n}.txt`, `${n}\n`)
    await work.write(`lib/deep/${n}.txt`, `${n}\n`)
    await work.write('price.txt', `costs ${n}\n`)
    return work.commit(`Change ${n}`)
  }
  const commits = [await change(1), await change(2), await change(3), await change(4)] as const
  await work.git('remote', 'add', 'origin', path)
  await work.git('push', '--quiet', '--set-upstream', 'origin', 'main')
  return {
    path,
    directory,
    work,
    commits: [...commits],
    git,
    async pushOnTop(file, content = 'kept\n') {
      await work.git('fetch', '--quiet', 'origin', 'main')
      await work.git('reset', '--quiet', '--hard', 'FETCH_HEAD')
      await work.write(file, content)
      const sha = await work.commit(`Write ${file}`)
      await work.git('push', '--quiet', 'origin', 'main')
      return sha
    },
    hook: (name, script) => writeFile(join(path, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    async close() {
      await work.remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
