import { openBranchHistory } from '../../src/history/branch-history.ts'
import { newEvent } from '../../src/history/event.ts'
import { openShop } from './repository.ts'

const branch = 'rollback-history'

/** What came of jobs that append an event each at the same moment, to a history that is not there yet. */
export interface Appended {
  /** why each job failed that failed */
  readonly failed: readonly unknown[]
  /** numbers of the jobs whose event is on the branch, once for each time that it is there */
  readonly stored: readonly number[]
  /** that tried to write */
  readonly requests: number
  readonly ms: number
}

export async function appendAtOnce(writers: number): Promise<Appended> {
  const shop = await openShop()
  try {
    await shop.commit({ 'README.md': '# Shop\n' })
    const since = performance.now()
    const before = shop.github.requests.length
    const outcomes = await Promise.allSettled(
      Array.from({ length: writers }, (_, issue) => {
        const about = { incident: `production-${issue}`, environment: 'production', revision: 'a'.repeat(40) }
        const what = { issue, url: 'https://x/1', actor: 'grace', at: '2026-11-24T03:00:00.000Z' }
        const event = newEvent({ kind: 'postmortem-opened', ...what, ...about }, [])
        return openBranchHistory({ repository: shop.open(), branch }).append(event)
      }),
    )
    const ms = performance.now() - since
    const requests = shop.github.requests.length - before
    const entries = await shop.hosted.git.readTree(`refs/heads/${branch}`, { recursive: true })
    const blobs = entries.filter(({ type }) => type === 'blob')
    const texts = await Promise.all(blobs.map(({ sha }) => shop.hosted.git.readBlob(sha)))
    const lines = texts.flatMap((text) => text.toString().trimEnd().split('\n'))
    return {
      failed: outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])),
      stored: lines.map((line): number => JSON.parse(line).issue).sort((a, b) => a - b),
      requests,
      ms,
    }
  } finally {
    await shop.close()
  }
}
