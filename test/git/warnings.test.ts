import { expect, test } from '@jest/globals'
import { findWarnings } from '../../src/git/warnings.ts'

test.each([
  ['db/migrate/20260101_add.rb', 'migrations'],
  ['prisma/migrations/1/migration.sql', 'migrations'],
  ['sql/0007_prices.up.sql', 'migrations'],
  ['package-lock.json', 'lock-files'],
  ['services/api/go.sum', 'lock-files'],
  ['.github/workflows/deploy.yml', 'workflow-files'],
  ['.gitmodules', 'submodules'],
])('%s is a matter of %s', (path, kind) => {
  expect(findWarnings(['README.md', path])).toEqual([{ kind, message: expect.any(String), paths: [path] }])
})

test('other files need no second look', () => {
  expect(
    findWarnings(['src/migration.ts', 'docs/.github/workflows/x.yml', 'lock.json', 'immigration.md']),
  ).toEqual([])
})
