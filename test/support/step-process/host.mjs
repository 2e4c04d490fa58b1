/**
 * Runs steps one after the other, each as in a process of its own: its environment and folder, its modules evaluated anew
 * (the files are compiled once), its listeners and exit code gone with it. A step that calls `process.exit` ends the host.
 */
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const streams = [process.stdout, process.stderr]
const writes = streams.map((stream) => stream.write)
const events = [
  'SIGINT',
  'SIGTERM',
  'uncaughtException',
  'unhandledRejection',
  'warning',
  'beforeExit',
  'exit',
]
const listeners = new Map(events.map((event) => [event, process.listeners(event)]))
let count = 0

process.on('disconnect', () => process.exit())
process.on('message', ({ main, env, directory, marker }) => {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(directory)
  count += 1
  // read before the step starts, by which time the host itself waits for its next message
  const idle = process.getActiveResourcesInfo()
  // what the action's own file, of two lines, does
  const action = basename(dirname(main))
  const shared = pathToFileURL(join(dirname(main), '../main/index.js'))
  run(() => import(`${shared}?run=${count}`).then(({ start }) => start(action)), idle).then(() => {
    const code = process.exitCode ?? 0
    restore()
    for (const stream of streams) stream.write(marker)
    process.send({ code, bytes: process.memoryUsage.rss() })
  })
})

async function run(step, idle) {
  try {
    await step()
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  }
  // Node ends a process when nothing is left to wait for
  do await new Promise((resolve) => setTimeout(resolve, 1))
  while (isBusy(idle))
}

/** Whether more keeps the process alive than before the step, apart from the timer of the loop above. */
function isBusy(idle) {
  const left = process.getActiveResourcesInfo()
  for (const resource of [...idle, 'Timeout']) {
    const at = left.indexOf(resource)
    if (at !== -1) left.splice(at, 1)
  }
  return left.length > 0
}

function restore() {
  process.exitCode = undefined
  for (const event of events) {
    process.removeAllListeners(event)
    for (const listener of listeners.get(event)) process.on(event, listener)
  }
  for (const [n, stream] of streams.entries()) stream.write = writes[n]
}
