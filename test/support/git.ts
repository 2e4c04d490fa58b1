import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface GitQuestion {
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string | Buffer
}

export interface GitAnswer {
  readonly id: number
  readonly code: number | null
  readonly out: Buffer
  readonly said: Buffer
}

/** How long the process that runs git stays without work, ms. */
const idleMs = 2_000
const file = fileURLToPath(new URL('git-process.ts', import.meta.url))

interface Runner {
  readonly child: ChildProcess
  /** the questions that this process has not answered: one that ends fails its own, and not those of its successor */
  readonly waiting: Map<number, { take: (answer: GitAnswer) => void; fail: (why: Error) => void }>
}

let runner: Runner | undefined
let idle: NodeJS.Timeout | undefined
let asked = 0

/**
 * Runs git with none of the user's own settings.
 * @returns what it printed @throws Error with what git said
 */
export async function runGit(question: GitQuestion): Promise<Buffer> {
  const { code, out, said } = await askGit(question)
  if (code === 0) return out
  throw new Error(`git ${question.args.join(' ')} ended with ${code}: ${said.toString('utf8')}`)
}

/**
 * Runs git, and leaves to the caller how it ended. A process that starts another is copied for it, and one that runs tests
 * is so large that this takes 20 ms: a small process of its own starts git in 5.
 */
export function askGit(question: GitQuestion): Promise<GitAnswer> {
  clearTimeout(idle)
  runner ??= start()
  const { child, waiting } = runner
  asked += 1
  const id = asked
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    ...question.env,
  }
  return new Promise((take, fail) => {
    waiting.set(id, { take, fail })
    child.ref()
    child.send({ ...question, env, id })
  })
}

function start(): Runner {
  const child = fork(file, { execArgv: ['--disable-warning=ExperimentalWarning'], serialization: 'advanced' })
  const waiting: Runner['waiting'] = new Map()
  const started = { child, waiting }
  child.on('message', (answer: GitAnswer) => {
    waiting.get(answer.id)?.take(answer)
    waiting.delete(answer.id)
    if (waiting.size > 0) return
    // it keeps nobody from ending
    child.unref()
    child.channel?.unref()
    idle = setTimeout(() => {
      runner = undefined
      child.disconnect()
    }, idleMs).unref()
  })
  child.once('exit', (code) => {
    if (runner === started) runner = undefined
    for (const { fail } of waiting.values()) fail(new Error(`the process that runs git ended with ${code}`))
    waiting.clear()
  })
  return started
}
