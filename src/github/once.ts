import type { Repository } from './client.ts'
import { writesSent } from './writes.ts'

/** A question about a repository. */
export interface Question<A, T> {
  (repository: Repository, asked: A): Promise<T>
  /** Notes an answer that came along with that to another question. */
  readonly note: (repository: Repository, asked: A, answer: T | Promise<T>) => void
}

/**
 * A question whose answer never changes, such as what a commit holds: asked once a run, also by several at the same time. One
 * that failed is asked anew.
 * @param keyOf what identifies a question; undefined for one whose answer may change, which is asked each time
 */
export function askedOnce<A, T>(
  keyOf: (asked: A) => string | undefined,
  ask: (repository: Repository, asked: A) => Promise<T>,
): Question<A, T> {
  const answers = storeOf<T>()
  const question = (repository: Repository, asked: A) => {
    const key = keyOf(asked)
    if (key === undefined) return ask(repository, asked)
    const own = answers(repository)
    const known = own.get(key)
    if (known !== undefined) return known
    const answer = ask(repository, asked)
    own.set(key, answer)
    answer.catch(() => void own.delete(key))
    return answer
  }
  return Object.assign(question, {
    note(repository: Repository, asked: A, answer: T | Promise<T>) {
      const key = keyOf(asked)
      if (key !== undefined) answers(repository).set(key, Promise.resolve(answer))
    },
  })
}

/** For so long what was looked at ahead stands for the world, ms: the time in which a plan is made. */
const standsMs = 10_000

interface Foreseen<T> {
  readonly answer: Promise<T>
  readonly at: number
  readonly writes: number
}

/**
 * A question whose answer changes. It is asked each time, except for what a run has looked at ahead, together with all else that
 * it is about to ask: that is used within seconds, and no more once the run itself has sent a write.
 */
export function foreseeable<A, T>(
  keyOf: (asked: A) => string,
  ask: (repository: Repository, asked: A) => Promise<T>,
): Question<A, T> & {
  /** What was looked at ahead; undefined when it was not, or too long ago. */
  readonly foreseen: (repository: Repository, asked: A) => Promise<T> | undefined
} {
  const answers = storeOf<T, Foreseen<T>>()
  const foreseen = (repository: Repository, asked: A) => {
    const found = answers(repository).get(keyOf(asked))
    const stands = found?.writes === writesSent(repository.octokit) && performance.now() - found.at < standsMs
    return stands ? found.answer : undefined
  }
  const question = (repository: Repository, asked: A) => foreseen(repository, asked) ?? ask(repository, asked)
  return Object.assign(question, {
    foreseen,
    note(repository: Repository, asked: A, answer: T | Promise<T>) {
      const given = Promise.resolve(answer)
      // whoever asks for it gets the error
      given.catch(() => {})
      const stamp = { at: performance.now(), writes: writesSent(repository.octokit) }
      answers(repository).set(keyOf(asked), { answer: given, ...stamp })
    },
  })
}

/** A map for each repository that is open: another token may see other things. */
function storeOf<T, V = Promise<T>>(): (repository: Repository) => Map<string, V> {
  const stores = new WeakMap<Repository['octokit'], Map<string, V>>()
  return ({ octokit }) => {
    const found = stores.get(octokit)
    if (found !== undefined) return found
    const made = new Map<string, V>()
    stores.set(octokit, made)
    return made
  }
}

/** A full id, whose content never changes, and not the name of a branch. */
export function isObjectId(name: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)
}
