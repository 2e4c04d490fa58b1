import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A bare repository as a git server has it. */
export interface GitRemote {
  /** of the repository: git takes it as an address */
  readonly path: string
  /** for what a test makes on the way */
  readonly directory: string
  /** full ids of the commits of main, oldest first: each changes `price.txt`, and adds a file to `app` and one to `lib/deep` */
  readonly commits: readonly [string, string, string, string]
  /** Runs git in it. @returns what it printed, without the last line's end */
  readonly git: (...args: string[]) => Promise<string>
  /** Puts a commit with one file on top of a branch, as somebody's push would. @returns the full id */
  readonly pushOnTop: (path: string, content?: string, branch?: string) => Promise<string>
  /** Makes commits: https://git-scm.com/docs/git-fast-import#_input_format */
  readonly import: (stream: string) => Promise<void>
  /** Puts a shell script in place as a hook of the server. */
  readonly hook: (name: string, script: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** One file of a commit, for `import`. */
export function fileLines(path: string, content: string): string {
  return `M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`
}

/** The first lines of a commit, for `import`. @param seconds since the epoch */
export function commitLines({
  branch = 'main',
  from,
  message,
  seconds,
}: {
  branch?: string
  from?: string
  message: string
  seconds: number
}): string {
  const author = `committer Ada <ada@example.com> ${seconds} +0000`
  const on = from === undefined ? '' : `from ${from}\n`
  return `commit refs/heads/${branch}\n${author}\ndata ${Buffer.byteLength(message)}\n${message}\n${on}`
}

export async function openGitRemote(): Promise<GitRemote> {
  const directory = await mkdtemp(join(tmpdir(), 'git-remote-'))
  const path = join(directory, 'team', 'shop.git')
  await mkdir(join(directory, 'team'))
  await execute('git', ['init', '--quiet', '--bare', '--initial-branch=main', path])
  const git = async (...args: string[]) => {
    const { stdout } = await execute('git', ['-C', path, ...args], { maxBuffer: 64 * 1024 * 1024 })
    return stdout.trimEnd()
  }
  const run = async (stream: string) => {
    const imported = execute('git', ['-C', path, 'fast-import', '--quiet', '--force'])
    imported.child.stdin?.end(stream)
    await imported
  }
  await git('config', 'uploadpack.allowFilter', 'true')
  let seconds = 1_764_000_000
  const changes = [1, 2, 3, 4].map((n) => {
    seconds += 1
    const files = [`app/${n}.txt`, `lib/deep/${n}.txt`].map((file) => fileLines(file, `${n}\n`))
    const head = commitLines({ message: `Change ${n}`, seconds })
    return [head, ...files, fileLines('price.txt', `costs ${n}\n`)].join('')
  })
  await run(changes.join(''))
  const [first = '', second = '', third = '', fourth = ''] = (
    await git('rev-list', '--reverse', 'main')
  ).split('\n')
  return {
    path,
    directory,
    commits: [first, second, third, fourth],
    git,
    async pushOnTop(file, content = 'kept\n', branch = 'main') {
      seconds += 1
      const from = `refs/heads/${branch}^0`
      await run(commitLines({ branch, from, message: `Write ${file}`, seconds }) + fileLines(file, content))
      return git('rev-parse', branch)
    },
    import: run,
    hook: (name, script) => writeFile(join(path, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    close: () => rm(directory, { recursive: true, force: true }),
  }
}
