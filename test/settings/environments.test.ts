/** 12.9: one settings file describes one or several named environments. 12.10: each with its paths. */
import { describe, expect, test } from '@jest/globals'
import { settingsOf, usualEnvironment } from '../../src/settings/environments.ts'
import { parseSettings } from '../../src/settings/parse.ts'
import { problemsOf } from './problems.ts'

const read = (text: string) => parseSettings({ text, file: 'rollback.yml' })
const of = (text: string, name: string) => settingsOf(read(text), name)

const shop = `branch: main
health:
  window: 10m
  checks: [{ name: home, type: http, url: https://shop.example.com }]
database:
  storage: /var/backups
  url: { env: DATABASE_URL }
environments:
  production: {}
  staging:
    branch: develop
    health: { checks: [] }
    database: { url: { env: STAGING_URL } }
  preview:
    database: null
`

describe('several environments', () => {
  test('have the shared part above, and what each says for itself', () => {
    expect(of(shop, 'production')).toMatchObject({
      environment: 'production',
      branch: 'main',
      health: { windowMs: 600_000, checks: [{ name: 'home' }] },
      database: { url: { env: 'DATABASE_URL' }, storage: '/var/backups' },
    })
    expect(of(shop, 'staging')).toMatchObject({
      environment: 'staging',
      branch: 'develop',
      health: { windowMs: 600_000, checks: [] },
      database: { url: { env: 'STAGING_URL' }, storage: '/var/backups' },
    })
    expect(of(shop, 'preview').database).toBeUndefined()
  })

  test('one that is not among them is refused, and those that are get listed', () => {
    expect(() => of(shop, 'prodcution')).toThrow(
      '`environment` is "prodcution", and rollback.yml describes the environments "production", "staging", "preview"; did you mean `production`?',
    )
    expect(() => of(shop, 'Production')).toThrow('describes the environments')
    expect(() => of(shop, '__proto__')).toThrow('describes the environments')
  })

  test('the usual one is the named one, else production, else the only one', () => {
    expect(usualEnvironment(read(shop))).toBe('production')
    expect(usualEnvironment(read(`environment: staging\n${shop}`))).toBe('staging')
    expect(usualEnvironment(read('environments: { live: }'))).toBe('live')
    expect(() => usualEnvironment(read('environments: { eu: {}, us: {} }'))).toThrow(
      '`environment` is not given, and rollback.yml describes the environments "eu", "us"; name one of them',
    )
  })
})

test('a file without `environments` describes exactly one, and refuses another', () => {
  expect(of('', 'production').environment).toBe('production')
  expect(of('environment: live', 'live').environment).toBe('live')
  expect(() => of('', 'staging')).toThrow(
    'rollback.yml describes the environment "production"; write `production`',
  )
  expect(() => of('environment: live', 'production')).toThrow('describes the environment "live"')
})

test('each environment has its own branch and paths', () => {
  const settings = read(`environments:
  web: { paths: [apps/web/, ./lib] }
  api: { paths: [apps/api] }
  staging: { branch: develop }
  batch: {}
`)
  expect(settingsOf(settings, 'web').paths).toEqual(['apps/web', 'lib'])
  expect(settingsOf(settings, 'staging')).toMatchObject({ branch: 'develop', paths: [] })
})

describe('a problem stands where it is written', () => {
  test.each([
    [
      'environments: {}',
      [
        '1:15: `environments` is empty; write the name of an environment and its settings, such as `production: {}`',
      ],
    ],
    [
      'environments: [staging]',
      ['1:15: `environments` must be a mapping; write keys and values, such as `key: value`'],
    ],
    [
      'environment: prod\nenvironments: { production: {} }',
      ['1:14: `environment` is not among `environments`; write `production`'],
    ],
    [
      'environments:\n  a:\n    history: { branch: x }',
      ['3:14: `history` is the same for all environments; write it above `environments`, or remove it'],
    ],
    ['environments:\n  a:\n    brnch: x', ['3:5: unknown key `brnch`; did you mean `branch`?']],
    [
      'environments:\n  a: { health: { window: 5 } }\n  b: {}',
      ['2:26: `window` has no unit; write `5s` for seconds, `5m` for minutes or `5ms` for milliseconds'],
    ],
    // in the shared part once, though every environment has it
    [
      'health: { window: 5 }\nenvironments:\n  a: {}\n  b: {}',
      ['1:19: `window` has no unit; write `5s` for seconds, `5m` for minutes or `5ms` for milliseconds'],
    ],
    ['environments:\n  a:\n    database: { url: { env: A } }', ['3:5: `storage` is missing; write it']],
    ['paths: [apps/*]', ['1:9: `paths[0]` is a pattern; write the folder alone, such as `apps/web`']],
    [
      'paths: [../x]',
      ['1:9: `paths[0]` is not a plain path; write it from the top of the repository, such as `apps/web`'],
    ],
    ['paths: [/apps/web]', ['1:9: `paths[0]` starts with a slash; write `apps/web`']],
    ['paths: [./]', ['1:9: `paths[0]` is the whole repository; leave the key out instead']],
    ['paths: []', ['1:8: `paths` is empty; write a folder such as `apps/web`, or leave the key out']],
  ])('%j', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems)
  })
})
