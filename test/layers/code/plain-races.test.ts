import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ConflictError } from '../../../src/errors.ts'
import type { PlainRepository } from '../../../src/layers/code/plain/open.ts'
import { type GitRemote, openGitRemote } from '../../support/git-remote.ts'
import { reset, restore, roll } from '../../support/plain-rollback.ts'
import { randomOf } from '../../support/random.ts'

const races = 30
/** Remotes that are raced in at the same time. */
const lanes = 3

let remotes: readonly GitRemote[]
beforeAll(async () => {
  remotes = await Promise.all(Array.from({ length: lanes }, () => openGitRemote()))
})
afterAll(() => Promise.all(remotes.map((remote) => remote.close())))

/** Somebody pushes once, before or after the nth time that git asks the remote for something. */
function pushAt({ nth, when }: { nth: number; when: 'before' | 'after' }, push: () => Promise<unknown>) {
  let [asked, isPushed] = [0, false]
  return (repository: PlainRepository): PlainRepository => {
    const { git } = repository
    const run: typeof git.run = async (args, options) => {
      if (args.some((arg) => remoteCommands.has(arg))) asked += 1
      const isNth = asked === nth && !isPushed
      isPushed ||= isNth
      if (isNth && when === 'before') await push()
      const output = await git.run(args, options)
      if (isNth && when === 'after') await push()
      return output
    }
    return { ...repository, git: { ...git, run } }
  }
}

const remoteCommands: ReadonlySet<string> = new Set(['ls-remote', 'fetch', 'push'])

test(`${races} races of rollbacks with pushes lose no commit, and leave no rollback half done`, async () => {
  const random = randomOf(7)
  const ways = Array.from({ length: races }, (_, race) => ({
    race,
    mode: race % 2 === 0 ? restore : reset,
    nth: 1 + Math.floor(random() * 7),
    when: random() < 0.5 ? ('before' as const) : ('after' as const),
  }))
  const outcomes = await Promise.all(
    remotes.map(async (remote, lane) => {
      const told: string[] = []
      for (const way of ways.filter(({ race }) => race % lanes === lane))
        told.push(await raceOnce(remote, way))
      return told
    }),
  )
  // both ends are raced for, or this would prove nothing
  expect(new Set(outcomes.flat())).toEqual(new Set(['rolled back', 'lost the race']))
})

async function raceOnce(
  remote: GitRemote,
  { race, mode, nth, when }: { race: number; mode: typeof restore; nth: number; when: 'before' | 'after' },
): Promise<string> {
  const branch = `race-${race}`
  const bad = remote.commits[3]
  await remote.git('branch', branch, bad)
  const tags = async () => (await remote.git('tag', '--list')).split('\n').filter(Boolean).length
  const before = await tags()
  let theirs = ''
  const wrap = pushAt({ nth, when }, async () => {
    theirs = await remote.pushOnTop(`theirs-${race}.txt`, 'theirs\n', branch)
  })
  const result = await roll(remote, mode(remote, { branch }), { wrap }).catch((error: unknown) => error)
  const kept = (await remote.git('rev-list', branch, '--tags')).split('\n')
  // a reset keeps what it takes away by its tag
  if (theirs !== '') expect(kept).toContain(theirs)
  if (result instanceof ConflictError) {
    expect(await remote.git('rev-parse', branch)).toBe(theirs)
    expect(await tags()).toBe(before)
    return 'lost the race'
  }
  expect(result).toMatchObject({ receipt: { outcome: 'rolled-back' } })
  expect(await tags()).toBe(before + 1)
  return 'rolled back'
}
