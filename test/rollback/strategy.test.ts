import { describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/errors.ts'
import { chooseLayers, otherwiseOf } from '../../src/rollback/strategy.ts'

const all = ['database', 'code', 'ota'] as const
const choose = (options: Partial<Parameters<typeof chooseLayers>[0]>) =>
  chooseLayers({ wanted: [], issueType: 'unknown', strategies: {}, available: all, ...options })

describe('without a word in the settings', () => {
  test.each([
    ['code-bug', ['code']],
    ['config-error', ['code']],
    ['database-corruption', ['database']],
    ['performance', ['ota']],
    ['unknown', 'changed'],
  ] as const)('the issue type %s takes %s', (issueType, expected) => {
    expect(choose({ issueType })).toEqual(expected)
  })

  test('a performance issue takes the code where no update goes over the air', () => {
    expect(choose({ issueType: 'performance', available: ['code'] })).toEqual(['code'])
  })

  test('a corrupted database that is not configured is an error that says what to configure', () => {
    expect(() => choose({ issueType: 'database-corruption', available: ['code'] })).toThrow(
      '`issue-type` (database-corruption) asks for the layer "database", and this repository has code: write one of these, or configure the section `database` in .github/rollback.yml',
    )
  })
})

describe('an error in the configuration', () => {
  const issueType = 'config-error'
  test('takes the feature flags and the configuration, in the order of the layers', () => {
    const available = ['flags', 'config', 'database', 'code'] as const
    expect(choose({ issueType, available })).toEqual(['flags', 'config'])
  })

  test('takes the code where the deployment changed neither', () => {
    const wish = { issueType, wanted: [], strategies: {} } as const
    expect(otherwiseOf(wish)).toEqual(['code'])
    expect(otherwiseOf({ ...wish, issueType: 'code-bug' })).toBeUndefined()
    expect(otherwiseOf({ ...wish, wanted: ['config'] })).toBeUndefined()
    expect(otherwiseOf({ ...wish, strategies: { 'config-error': ['config'] } })).toBeUndefined()
  })
})

test('the settings say it otherwise', () => {
  expect(choose({ issueType: 'code-bug', strategies: { 'code-bug': ['code', 'database'] } })).toEqual([
    'code',
    'database',
  ])
})

test('what the caller asks for goes before both', () => {
  expect(choose({ wanted: ['ota'], strategies: {} })).toEqual(['ota'])
  expect(
    choose({ wanted: ['ota', 'code'], issueType: 'code-bug', strategies: { 'code-bug': ['code'] } }),
  ).toEqual(['ota', 'code'])
})

test('a layer that is not there names those that are', () => {
  expect(() => choose({ wanted: ['databse'] })).toThrow(InputError)
  expect(() => choose({ wanted: ['databse'] })).toThrow('this repository has database, code, ota')
})
