/** The section `ota` of the settings, and what the front door makes of it. */
import { describe, expect, test } from '@jest/globals'
import { openRepository } from '../../../src/github/client.ts'
import { commandLineKinds, serverKinds } from '../../../src/layers/ota/update-server.ts'
import { openLayers, secretsOfLayers } from '../../../src/rollback/open-layers.ts'
import { openCircumstances } from '../../support/codepush/connect.ts'
import { openExpoProject } from '../../support/codepush/eas.ts'
import { parseConfig } from '../../support/parse-config.ts'

const parse = (lines: string) => parseConfig({ text: `ota:\n${lines}`, file: '.github/rollback.yml' })

test('every kind of server that the layer knows can be written', () => {
  for (const kind of ['auto', ...serverKinds]) {
    const rest = commandLineKinds.includes(kind)
      ? ''
      : '  server-url: https://x.example\n  access-key: { env: KEY }\n'
    expect(parse(`  server-kind: ${kind}\n  channels: [a/b]\n${rest}`).ota?.serverKind).toBe(kind)
  }
})

test('EAS is reached through the front door: its command line is asked, in the folder of the project', async () => {
  const project = await openExpoProject()
  try {
    const good = await project.publish('first')
    const bad = await project.publish('bad')
    const config = parse(`  server-kind: eas\n  project: ${project.folder}\n  channels: [all/production]\n`)
    expect(secretsOfLayers(config, project.env)).toContain(project.token)
    const { circumstances } = openCircumstances()
    const { signal } = new AbortController()
    const apiUrl = 'http://127.0.0.1:9'
    const layers = openLayers({
      ...circumstances,
      openRepository: () => {
        throw new Error('no other token is needed')
      },
      secrets: [],
      ownCommits: new Map(),
      repository: openRepository({
        token: 'x',
        owner: 'o',
        repo: 'r',
        apiUrl,
        userAgent: 'tests',
        log: () => {},
        signal,
      }),
      config,
      branch: 'main',
      environment: 'production',
      bad: '0'.repeat(40),
      target: 'last-successful-deployment',
      choice: ['ota'],
      automatic: false,
      progress: {
        unfinished: undefined,
        isCarriedOut: false,
        runKey: ['0'],
        done: new Map(),
        doneBefore: () => undefined,
        undone: () => 0,
      },
      reason: 'it crashes',
      by: 'octocat',
      runUrl: undefined,
      openClone: () => Promise.reject(new Error('no clone is needed')),
      env: project.env,
      fetch,
      scratch: project.folder,
      signal,
    })
    const plan = await layers.find(({ name }) => name === 'ota')?.plan()
    expect(plan?.view).toMatchObject({
      state: 'pending',
      from: `all/production ${bad}`,
      to: `all/production ${good}`,
    })
    expect(await plan?.apply()).toMatchObject({ outcome: 'rolled-back' })
  } finally {
    await project.close()
  }
})

describe('what does not go together is one clear error at its line', () => {
  test.each([
    [
      '  server-kind: eas\n  channels: [a/b]\n  access-key: { env: KEY }\n',
      '`access-key` is not for `server-kind: eas`',
    ],
    ['  channels: [a/b]\n  access-key: { env: KEY }\n', '`server-url` is missing'],
    ['  channels: [a/b]\n  server-url: https://x.example\n', '`access-key` is missing'],
    [
      '  channels: [a/b]\n  server-url: https://x.example\n  access-key: { env: KEY }\n  project: app\n',
      '`project` is only for `server-kind: eas`',
    ],
    ['  server-kind: appcenter\n  channels: [a/b]\n', '`server-kind`'],
  ])('%j', (lines, message) => {
    expect(() => parse(lines)).toThrow(message)
  })
})
