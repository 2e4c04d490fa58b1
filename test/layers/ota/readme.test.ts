import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'
import { codepushRollback } from '../../../src/actions/codepush-rollback/contract.ts'
import { readRequests, readServerUrl } from '../../../src/layers/ota/request.ts'
import { readInputs, variableOf } from '../../../src/runner/inputs.ts'

const stepSchema = z.tuple([z.object({ with: z.record(z.string(), z.string()) })])

test('the example in the README is a step that the action understands', async () => {
  const readme = await readFile(
    new URL('../../../actions/codepush-rollback/README.md', import.meta.url),
    'utf8',
  )
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  const given = stepSchema.parse(parse(example))[0].with
  expect(Object.keys(given).filter((name) => !(name in codepushRollback.inputs))).toEqual([])
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [variableOf(name), value]))
  const inputs = readInputs(codepushRollback.inputs, { ...env, INPUT_TOKEN: 'ghs_0' })
  expect(readServerUrl(inputs['server-url'])).toBe('https://codepush.example.com')
  const requests = readRequests({
    channels: inputs.channels,
    targets: inputs.target,
    fromLabels: inputs['from-label'],
    appVersions: inputs['app-version'],
    knownBad: inputs['known-bad'],
    mode: inputs.mode,
    incident: 'production-abc',
  })
  expect(requests).toMatchObject([
    { name: { app: 'Shop-ios', deployment: 'Production' }, from: 'v12', target: undefined },
    { name: { app: 'Shop-android', deployment: 'Production' }, from: 'v12' },
  ])
})
