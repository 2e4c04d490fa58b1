/** What is found again by a hidden marker: only in what we wrote, or somebody who may write. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { commentOnce } from '../../src/github/issues.ts'
import { openShop, type Shop } from '../support/repository.ts'

let shop: Shop
let number: number
beforeEach(async () => {
  shop = await openShop()
  const { octokit, owner, repo } = shop.repository
  number = (await octokit.rest.issues.create({ owner, repo, title: 'Down' })).data.number
})
afterEach(() => shop.close())

const marker = 'rollback-level: production-1 1 1'
const say = () => commentOnce(shop.repository, { number, marker, body: '@ada This incident is open.' })
const bodies = () => shop.hosted.comments.map(({ body }) => body)

/** What somebody else writes on the issue. */
async function comment(login: string, body: string) {
  const { octokit, owner, repo } = shop.open({ kind: 'user', login })
  await octokit.rest.issues.createComment({ owner, repo, issue_number: number, body })
}

describe('a comment that is written once', () => {
  test('is not written twice', async () => {
    expect(await say()).toBe('written')
    expect(await say()).toBe('already-there')
    expect(bodies()).toHaveLength(1)
  })

  test('is written although a stranger put its hidden marker into a comment', async () => {
    await comment('mallory', `<!-- ${marker} -->\nnothing to see`)
    expect(await say()).toBe('written')
    expect(bodies().at(-1)).toContain('@ada')
    expect(await say()).toBe('already-there')
  })

  test('is written although an account that may write quoted the marker', async () => {
    await comment('grace', `> <!-- ${marker} -->\n> @ada\n\nI am on it`)
    expect(await say()).toBe('written')
  })

  test('is not written again for an account that may write: a machine user posts with a token of its own', async () => {
    await comment('grace', `<!-- ${marker} -->\n@ada This incident is open.`)
    expect(await say()).toBe('already-there')
  })

  test('of many comments of one stranger costs one request for the permission', async () => {
    for (let n = 0; n < 5; n += 1) await comment('mallory', `<!-- ${marker} -->\n${n}`)
    await say()
    const asked = shop.github.requests.filter(
      ({ operation }) => operation === 'repos/get-collaborator-permission-level',
    )
    expect(asked).toHaveLength(1)
  })
})
