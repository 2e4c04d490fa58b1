/** The process that runs git for the emulator: it ends when it is idle, and the next question starts another one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { askGit } from '../support/git.ts'

/** How long the process stays without work, ms, as in git.ts. */
const idleMs = 2_000

test('a question that is asked while an idle process ends is answered', async () => {
  await askGit({ args: ['--version'] })
  await sleep(idleMs)
  // the successor still works on it when the idle process has ended
  const slow = askGit({ args: ['-c', 'alias.slow=!sleep 0.7; echo done', 'slow'] })
  const { code, out } = await slow
  expect([code, out.toString('utf8')]).toEqual([0, 'done\n'])
})
