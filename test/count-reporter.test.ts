import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

test('a run of tests ends with the plain line of how many passed', () => {
  const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url))
  const args = [jest, '--maxWorkers=1', 'test/text/duration.test.ts']
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout).toMatch(/^[1-9]\d* passed, 0 failed, 0 skipped\n$/)
})
