import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import { InputError, message, setting } from '../../src/errors.ts'
import { nameBy } from '../../src/runner/action.ts'
import { input, inputOf } from '../../src/runner/inputs.ts'
import { locateSetting } from '../../src/settings/location.ts'

/** Sources below the actions. */
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^(actions|runner)\//.test(path) && path !== 'errors.ts')
  .map((path) => join('src', path))

test('below the actions, no text names an input: it carries a setting, which the edge calls as its reader knows it', () => {
  const naming = sources.filter((path) => /input "/.test(readFileSync(path, 'utf8')))
  expect(naming).toEqual([])
})

const inputs = {
  'max-commits': input.count({ description: 'How many.', setting: 'code.max-commits', default: '50' }),
  branch: input.text({ description: 'Which.', setting: 'branch' }),
}
const file = {
  file: '.github/rollback.yml',
  text: 'branch: main\ncode:\n  max-commits: 3\n  redeploy:\n    workflow: d.yml\n',
}
const locate = (path: string) => locateSetting(file, path)
const error = (path: string) => new InputError(message`${setting(path)} is 3`)

test.each<[string, string, Record<string, string>, (path: string) => string | undefined, string]>([
  [
    'an item of a list of the file',
    'config.files[1]',
    {},
    (path) => locateSetting({ file: 'r.yml', text: 'config:\n  files:\n    - a.json\n    - b.json\n' }, path),
    '`config.files[1]` (r.yml:4:7) is 3',
  ],
  ['an item of an input', 'branch[1]', { INPUT_BRANCH: 'a, b' }, locate, 'item 2 of input "branch" is 3'],
  [
    'an input that was given',
    'code.max-commits',
    { 'INPUT_MAX-COMMITS': '3' },
    locate,
    'input "max-commits" is 3',
  ],
  [
    'an input that the file does not have',
    'code.max-commits',
    {},
    () => undefined,
    'input "max-commits" is 3',
  ],
  [
    'an empty input that the file has',
    'branch',
    { INPUT_BRANCH: '' },
    locate,
    '`branch` (.github/rollback.yml:1:1) is 3',
  ],
  [
    'a setting without an input',
    'code.redeploy.workflow',
    {},
    locate,
    '`code.redeploy.workflow` (.github/rollback.yml:5:5) is 3',
  ],
  [
    'a setting that is nowhere',
    'rollback.daily-cap',
    {},
    locate,
    '`rollback.daily-cap` in .github/rollback.yml is 3',
  ],
])('%s is called as its reader knows it', (_, path, env, by, expected) => {
  expect(error(path).explain(nameBy(inputs, env, by))).toBe(expected)
})

/** The keys of the configuration file, e.g. `code.max-commits`. */
function pathsOf(schema: unknown, prefix = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  if ('anyOf' in schema && Array.isArray(schema.anyOf))
    return schema.anyOf.flatMap((each: unknown) => pathsOf(each, prefix))
  if (!('properties' in schema)) return []
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]) => [
    `${prefix}${key}`,
    ...pathsOf(each, `${prefix}${key}.`),
  ])
}
const inFile = new Set(pathsOf(JSON.parse(readFileSync('schema/rollback.schema.json', 'utf8'))))

test('every setting that an error names is a key of the file, or an input of an action', () => {
  const named = sources
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/\b(?:setting|readSetting)\('([^']+)'/g)])
    .flatMap(([, path]) => path ?? [])
  expect(named.length).toBeGreaterThan(50)
  const isInput = (path: string) => actions.some(({ inputs }) => inputOf(inputs, { path }) !== undefined)
  const unknown = new Set(named.filter((path) => !inFile.has(path) && !isInput(path)))
  expect([...unknown].sort()).toEqual([])
})

test('an input that stands for a key of the file declares one that is there', () => {
  const declared = actions.flatMap(({ inputs }) =>
    Object.values(inputs).flatMap(({ setting }) => setting ?? []),
  )
  expect(declared.length).toBeGreaterThan(20)
  expect(declared.filter((path) => !inFile.has(path))).toEqual([])
})

test('the front door calls a bad target by its input, and by the line of the file when it is from there', () => {
  const { inputs: own } = actions.find(({ name }) => name === 'rollback') ?? { inputs: {} }
  const settings = { file: '.github/rollback.yml', text: 'code:\n  target: v0\n' }
  const where = (path: string) => locateSetting(settings, path)
  expect(error('code.target').explain(nameBy(own, { INPUT_TARGET: 'v0' }, where))).toBe('input "target" is 3')
  expect(error('code.target').explain(nameBy(own, {}, where))).toBe(
    '`code.target` (.github/rollback.yml:2:3) is 3',
  )
})

describe('in a file with environments', () => {
  const settings = {
    file: '.github/rollback.yml',
    text: [
      'code:',
      '  target: v0',
      '  max-commits: 9',
      'environments:',
      '  staging: {}',
      '  production:',
      '    code:',
      '      max-commits: 3',
    ].join('\n'),
  }

  test('a setting is where its environment has it', () => {
    expect(locateSetting(settings, 'code.max-commits', 'production')).toBe('.github/rollback.yml:8:7')
  })

  test('what an environment does not say itself is in the shared part', () => {
    expect(locateSetting(settings, 'code.target', 'production')).toBe('.github/rollback.yml:2:3')
    expect(locateSetting(settings, 'code.max-commits', 'staging')).toBe('.github/rollback.yml:3:3')
  })

  test('what neither has, and an environment that is not there, is nowhere or shared', () => {
    expect(locateSetting(settings, 'code.checks', 'production')).toBeUndefined()
    expect(locateSetting(settings, 'code.target', 'preview')).toBe('.github/rollback.yml:2:3')
  })

  test('a name with a dot is one name', () => {
    const dotted = { ...settings, text: 'environments:\n  eu.west:\n    code:\n      target: v0\n' }
    expect(locateSetting(dotted, 'code.target', 'eu.west')).toBe('.github/rollback.yml:4:7')
  })
})
