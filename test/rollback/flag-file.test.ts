/** A file of flags in the repository, on an emulated GitHub. */
import { afterEach, expect, test } from '@jest/globals'
import { readFile } from '../../src/github/contents.ts'
import { openFlagd } from '../../src/layers/flags/flagd.ts'
import { inRepository } from '../../src/rollback/flag-file.ts'
import { openLayerOn } from '../support/flags-layer.ts'
import { parseConfig } from '../support/parse-config.ts'
import { openShop, type Shop } from '../support/repository.ts'

let shop: Shop
afterEach(() => shop.close())

test('a rollback that a branch wants taken back by a pull request says which one, and changes nothing else', async () => {
  shop = await openShop()
  const flags = (state: string) =>
    `{"flags": {"checkout": {"state": "${state}", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}`
  await shop.commit({ 'flags.json': flags('ENABLED') })
  const config = parseConfig({
    text: 'flags: {service: flagd, file: flags.json, disable: [checkout]}',
    file: 'rollback.yml',
  })
  const permissions = { contents: 'write', 'pull-requests': 'write' } as const
  const repository = shop.open({ login: 'ada', kind: 'user', permissions })
  const layer = openLayerOn(
    () =>
      openFlagd(
        inRepository(
          { repository, config, branch: 'main', reason: 'errors', ownCommits: new Map() },
          'flags.json',
        ),
      ),
    { disable: ['checkout'] },
  )
  const receipt = await (await layer.plan()).apply()
  const rolledBack = await shop.head()
  shop.hosted.addRuleset({
    name: 'main',
    enforcement: 'active',
    include: ['refs/heads/main'],
    rules: [{ type: 'pull_request', approvals: 1 }],
  })
  const undo = () => layer.undo(receipt)
  await expect(undo()).rejects.toThrow(/^checkout: a pull request undoes the rollback \(.*\/pull\/1\)/)
  await expect(undo()).rejects.toThrow('/pull/1')
  expect(await shop.head()).toBe(rolledBack)
  expect((await readFile(repository, { path: 'flags.json', ref: 'main' }))?.text).toBe(flags('DISABLED'))
})
