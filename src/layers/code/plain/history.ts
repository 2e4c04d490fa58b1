import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from '../command.ts'
import { fetchCommits, missingOf } from './fetch.ts'

/**
 * How many commits of a branch are fetched at first, and how many when these do not do; then all of them. At first one more
 * than is looked through for rollbacks: the last one looks as if it had no parents.
 */
const depths = [101, 1_000, 10_000]

const tipRef = 'refs/rollback/tip'

/** The commits of a remote, as far as they were fetched: without their trees. */
export interface RemoteHistory {
  /** Brings the newest commits of a branch. @param head where it is now */
  readonly bringBranch: (head: string) => Promise<void>
  /** Brings a commit. @returns false when the remote has none of that id */
  readonly bringCommit: (sha: string) => Promise<boolean>
  /** Brings all commits that one of two revisions has, and the other has not. Both have to be there. */
  readonly bringRange: (range: { readonly base: string; readonly head: string }) => Promise<void>
  /** Brings more of the branch until that is so. @returns false when it is not, and there is no more */
  readonly deepenUntil: (isEnough: () => Promise<boolean>) => Promise<boolean>
  /** The commits whose parents were left out: git takes them to be the first of their history. */
  readonly cutOff: () => Promise<ReadonlySet<string>>
}

export function openHistory({ git, gitDir }: { git: Git; gitDir: string }): RemoteHistory {
  let tip = ''
  let step = 0

  const here = new Set<string>()
  const isHere = async (sha: string) => {
    if (!here.has(sha) && (await missingOf(git, [sha])).length === 0) here.add(sha)
    return here.has(sha)
  }
  const cutOff = async () =>
    new Set((await readFile(join(gitDir, 'shallow'), 'utf8').catch(() => '')).split('\n').filter(Boolean))
  const fetchTip = async () => {
    const depth = depths[step]
    const isCut = (await cutOff()).size > 0
    const how = depth !== undefined ? [`--depth=${depth}`] : isCut ? ['--unshallow'] : []
    // by the ref, the server knows what is here already
    await fetchCommits(git, [`+${tip}:${tipRef}`], how)
  }
  const deepenUntil = async (isEnough: () => Promise<boolean>) => {
    while (!(await isEnough())) {
      // a remote may itself have no more than that
      if ((await cutOff()).size === 0 || step === depths.length) return false
      step += 1
      await fetchTip()
    }
    return true
  }
  const times = async (args: readonly string[], input = '') =>
    (await git.run(['log', '--format=%ct', ...args], { input })).split('\n').filter(Boolean).map(Number)

  return {
    cutOff,
    deepenUntil,
    bringBranch: async (head) => {
      if (await isHere(head)) return
      tip = head
      await fetchTip()
    },
    bringCommit: async (sha) => {
      if (await deepenUntil(() => isHere(sha))) return true
      // it may be on another branch, or a tag's
      try {
        await fetchCommits(git, [sha])
      } catch (error) {
        if (isUnknown(error)) return false
        throw error
      }
      return isHere(sha)
    },
    bringRange: async ({ base, head }) => {
      await deepenUntil(async () => {
        const cut = await cutOff()
        if (cut.size === 0) return true
        // behind a cut may be what leads from the one to the other, but nothing that is newer than the cut
        const cuts = await times(['--no-walk', '--stdin'], [...cut].join('\n'))
        const range = await times([`${base}...${head}`, '--'])
        const newestCut = Math.max(...cuts)
        return range.every((time) => time > newestCut)
      })
    },
  }
}

/** The remote has no such object; servers that are older than protocol 2 say so of what no ref leads to, too. */
function isUnknown(error: unknown): boolean {
  return (
    error instanceof Error &&
    /not our ref|did not send all|no such remote ref|couldn't find remote ref/i.test(error.message)
  )
}
