import { execFileSync, spawn } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RefusedError } from '../../errors.ts'
import type { ServerConnection } from './connection.ts'
import { plainEnvironment, runTool } from './tool.ts'

/** A server that is started on this machine, ends with this process, and whose files are not kept. */
export interface LocalServer {
  readonly connection: ServerConnection
  readonly stop: () => Promise<void>
}

/** How a server is set up and started in a folder of its own. */
export interface Recipe {
  /** for people, e.g. `PostgreSQL 15.18` */
  readonly name: string
  readonly debianPackage: string
  /** whom its package made to run it, where this process is root */
  readonly user: string
  /** the signal that ends it at once */
  readonly signal: 'QUIT' | 'KILL'
  readonly init: (folder: string) => readonly string[]
  readonly serve: (folder: string) => readonly string[]
  readonly connect: (folder: string) => ServerConnection
  /** @throws until it answers */
  readonly ask: (connection: ServerConnection) => Promise<unknown>
}

/** How long a server may take to start, ms. */
const startMs = 60_000

/**
 * Ends the server when this process ends, however it does: its standard input is closed then. The folder goes with it.
 * `$1` is the folder, `$2` the signal, the rest the server with its arguments. The shell says of a server that was killed that it was,
 * to an output that nobody reads any more.
 */
const untilInputEnds =
  'folder=$1; signal=$2; shift 2; exec 3<&0; "$@" </dev/null 3<&- & server=$!; trap "" PIPE; { cat <&3 >/dev/null; kill -$signal $server; } 2>/dev/null & watcher=$!; wait $server; kill $watcher 2>/dev/null; rm -rf "$folder"'

/** @throws RefusedError when the programs are not there or it does not start */
export async function startServer(recipe: Recipe, env: NodeJS.ProcessEnv): Promise<LocalServer> {
  const { name, debianPackage } = recipe
  // the path of a socket has 107 bytes at most
  const folder = await mkdtemp(join(tmpdir(), 'verify-'))
  const [setUser, owner] = userOf(recipe)
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  try {
    const [command = '', ...args] = [...setUser, ...recipe.init(folder)]
    await runTool({ command, debianPackage, args, env: plainEnvironment(env), cwd: folder })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const child = spawn(
    'sh',
    ['-c', untilInputEnds, 'sh', folder, recipe.signal, ...setUser, ...recipe.serve(folder)],
    { env: plainEnvironment(env), stdio: ['pipe', 'ignore', 'pipe'], cwd: '/' },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  let isOver = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true
      resolve()
    })
  })
  const stop = async () => {
    child.stdin.end()
    await ended
  }
  const connection = recipe.connect(folder)
  const givesUpAt = performance.now() + startMs
  for (;;) {
    try {
      await recipe.ask(connection)
      return { connection, stop }
    } catch (error) {
      if (performance.now() < givesUpAt && !isOver) {
        await sleep(50)
        continue
      }
      await stop()
      throw new RefusedError(
        `a local server of ${name} did not start: ${said.trim() || (error instanceof Error ? error.message : error)}`,
      )
    }
  }
}

/** Servers of databases do not run as root: then one runs as the user that its package made. */
function userOf({
  name,
  user,
}: Recipe): readonly [readonly string[], { readonly uid: number; readonly gid: number } | undefined] {
  if (userInfo().uid !== 0) return [[], undefined]
  const idOf = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }))
  try {
    return [
      ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'],
      { uid: idOf('-u'), gid: idOf('-g') },
    ]
  } catch {
    throw new RefusedError(`${name} does not run as root, and this machine has no user ${user} to run it as`)
  }
}
