import { type ChildProcess, spawn } from 'node:child_process'

/** An object of a repository, as `git cat-file` gives it. */
export interface StoredObject {
  readonly sha: string
  readonly type: string
  /** bytes */
  readonly size: number
  readonly content: Buffer
}

/** Reads the objects of a bare repository by one process that stays, where one for each question would take most of the time. */
export type ObjectReader = ReturnType<typeof openObjectReader>

export function openObjectReader(gitDir: string) {
  let reader: ChildProcess | undefined
  let received: Buffer = Buffer.alloc(0)
  /** oldest first: answers come in the order of the questions */
  const waiting: {
    readonly take: (received: Buffer) => number | undefined
    readonly fail: (why: Error) => void
  }[] = []

  function start(): ChildProcess {
    const child = spawn('git', ['--git-dir', gitDir, 'cat-file', '--batch-command'], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      // what a revision does not name is also told there
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdout.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const used = next.take(received)
        if (used === undefined) return
        received = received.subarray(used)
        waiting.shift()
      }
    })
    child.stdin.on('error', () => {})
    child.once('close', (code) => {
      if (reader === child) reader = undefined
      received = Buffer.alloc(0)
      for (const { fail } of waiting.splice(0)) fail(new Error(`git cat-file ended with ${code}`))
    })
    return child
  }

  /** @param read what it makes of the answer that begins what was received; undefined when not all of it is there */
  function ask<T>(
    question: string,
    read: (received: Buffer) => { readonly answer: T; readonly length: number } | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (bytes: Buffer) => {
        const found = read(bytes)
        if (found !== undefined) resolve(found.answer)
        return found?.length
      }
      waiting.push({ take, fail: reject })
      reader ??= start()
      reader.stdin?.write(`${question}\n`)
    })
  }

  return {
    /** What a revision names, in git's own syntax; undefined when it names nothing. */
    async find(revision: string): Promise<Omit<StoredObject, 'content'> | undefined> {
      if (revision.includes('\n')) return undefined
      return ask(`info ${revision}`, readHead)
    },

    /** The same with its content. */
    async read(revision: string): Promise<StoredObject | undefined> {
      if (revision.includes('\n')) return undefined
      return ask(`contents ${revision}`, (bytes) => {
        const head = readHead(bytes)
        if (head?.answer === undefined) return head && { answer: undefined, length: head.length }
        const end = head.length + head.answer.size
        if (bytes.length <= end) return undefined
        // the content ends with a line's end of its own
        return { answer: { ...head.answer, content: bytes.subarray(head.length, end) }, length: end + 1 }
      })
    },

    close: () => void reader?.stdin?.end(),
  }
}

/** `<id> <type> <size>`, or the revision and why it names nothing. */
function readHead(bytes: Buffer) {
  const end = bytes.indexOf('\n')
  if (end === -1) return undefined
  const [, sha, type, size] = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(bytes.toString('utf8', 0, end)) ?? []
  const answer = sha && type ? { sha, type, size: Number(size) } : undefined
  return { answer, length: end + 1 }
}
