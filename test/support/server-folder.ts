import { spawn } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'
/** What the largest test writes, with the server's logs, bytes. */
const enough = 3 * 2 ** 30

/**
 * Makes a folder for the data of a server, in memory where there is room: to make and drop a database there takes half of the
 * time. When this process ends, however it does, the server of the folder is killed and the folder goes.
 * @param pidFile within the folder, whose first line is the number of the server's process
 * @param place that gets the folder
 */
export async function makeServerFolder(
  prefix: string,
  { pidFile, place = placeWithRoom() }: { readonly pidFile: string; readonly place?: string | undefined },
): Promise<{ readonly directory: string; readonly remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(place, prefix))
  const untilInputEnds =
    'trap "" INT TERM; cat >/dev/null; read pid <"$1/$2" && kill -KILL $pid; sleep 0.2; rm -rf "$1"'
  const watcher = spawn('sh', ['-c', untilInputEnds, 'sh', directory, pidFile], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  })
  watcher.unref()
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  return {
    directory,
    remove: async () => {
      await rm(directory, { recursive: true, force: true })
      watcher.stdin.end()
    },
  }
}

function placeWithRoom(): string {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize > enough ? memory : tmpdir()
  } catch {
    return tmpdir()
  }
}
