import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { InputError, message, setting } from '../../src/errors.ts'
import { nameBy } from '../../src/runner/action.ts'
import { input } from '../../src/runner/inputs.ts'
import { locateSetting } from '../../src/settings/location.ts'

test('below the actions, no text names an input: it carries a setting, which the edge calls as its reader knows it', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/^(actions|runner)\//.test(path) && path !== 'errors.ts')
    .map((path) => join('src', path))
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
