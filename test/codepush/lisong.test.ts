/** The over-the-air layer on the real `code-push-server` of npm. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { openCodePush } from '../../src/codepush/code-push.ts'
import { connect } from '../support/codepush/connect.ts'
import { type LisongServer, startLisong } from '../support/codepush/lisong.ts'

let server: LisongServer | undefined
beforeAll(async () => {
  server = await startLisong()
}, 120_000)
afterAll(() => server?.stop())

test('read', async () => {
  await server.createApp('A')
  await server.release('A', { content: 'one' })
  await server.release('A', { content: 'two' })
  const client = openCodePush(connect(server), 'lisong')
  const channel = await client.read({ app: 'A', deployment: 'Production' })
  expect(channel).toEqual({})
})
