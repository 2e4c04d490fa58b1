import { incidentId } from '../../src/history/incident.ts'
import { openCodeLayer } from '../../src/layers/code/layer.ts'
import { prepareClone } from '../../src/layers/code/partial-clone.ts'
import type { CodeRollback } from '../../src/layers/code/plan-rollback.ts'
import type { Shop } from './repository.ts'
import type { WorkRepository } from './work-repository.ts'

const token = {
  kind: 'app',
  permissions: {
    contents: 'write',
    'pull-requests': 'write',
    workflows: 'write',
    deployments: 'read',
    checks: 'read',
    statuses: 'read',
  },
} as const

/** What all rollbacks of a published branch are asked with, whatever their mode. */
export type Asked = Pick<CodeRollback, 'branch' | 'environment' | 'incident' | 'bad'>

let branches = 0

/** Pushes what was built to a new branch of the shop, as a person does, with git. */
export async function publishBranch(shop: Shop, from: WorkRepository) {
  branches += 1
  const branch = `case-${branches}`
  const environment = 'production'
  const secret = shop.github.createToken({ login: 'rollback[bot]', ...token })
  const url = shop.hosted.cloneUrl
  const signedIn = url.replace('://', `://x-access-token:${secret}@`)
  await from.git('push', '--quiet', signedIn, `HEAD:refs/heads/${branch}`)
  const bad = await from.git('rev-parse', 'HEAD')
  // the same history is published many times
  const incident = `${incidentId({ environment, revision: bad })}-${branches}`
  const asked: Asked = { branch, environment, incident, bad }
  const repository = shop.open(token)
  const openClone = prepareClone({
    url,
    token: secret,
    directory: shop.directory,
    path: process.env['PATH'] ?? '',
    signal: new AbortController().signal,
  })
  return {
    ...asked,
    asked,
    repository,
    openClone,
    /** The layer that rolls it back. */
    open: (rollback: CodeRollback) =>
      openCodeLayer({
        repository,
        rollback,
        lookedAfter: new Set(),
        openClone,
        wishes: { labels: [], reviewers: [], autoMerge: false },
        reason: 'it is down',
        by: 'grace',
        runUrl: undefined,
        now: () => new Date(),
      }),
  }
}
