import { expect, test } from '@jest/globals'
import { findWarnings, sayWarning } from '../../../src/layers/code/warnings.ts'

const changes = (paths: readonly string[]) => ({ paths, submodules: [], isComplete: true })

test.each([
  ['db/migrate/20260101_add.rb', 'migrations'],
  ['prisma/migrations/1/migration.sql', 'migrations'],
  ['sql/0007_prices.up.sql', 'migrations'],
  ['package-lock.json', 'lock-files'],
  ['services/api/go.sum', 'lock-files'],
  ['.github/workflows/deploy.yml', 'workflow-files'],
  ['.gitmodules', 'submodules'],
])('%s is a matter of %s', (path, kind) => {
  expect(findWarnings(changes(['README.md', path]))).toEqual([
    { kind, message: expect.any(String), paths: [path] },
  ])
})

test('other files need no second look', () => {
  expect(
    findWarnings(
      changes(['src/migration.ts', 'docs/.github/workflows/x.yml', 'lock.json', 'immigration.md']),
    ),
  ).toEqual([])
})

test('a pinned commit is a matter of submodules, and changes that are not listed are told of', () => {
  const found = findWarnings({ paths: ['vendor/lib'], submodules: ['vendor/lib'], isComplete: false })
  expect(found.map(({ kind, paths }) => [kind, paths])).toEqual([
    ['submodules', ['vendor/lib']],
    ['unlisted', []],
  ])
  expect(found.map(sayWarning)).toEqual([
    'submodules change: the commits that they are pinned to must still exist (vendor/lib)',
    expect.stringContaining('more files change than GitHub lists (300)'),
  ])
})

test('a plain git server has no rule against workflow files, and GitHub Apps are not named', () => {
  expect(findWarnings(changes(['.github/workflows/deploy.yml', 'yarn.lock']), true)).toMatchObject([
    { kind: 'lock-files' },
  ])
})
