/**
 * 12, "it is done when" 2: killed at random instants, with one request in ten that goes wrong, two front doors at once and
 * deployments that fail twice, production ends good and seen good, and the history true. For more: `node test/worlds/storm.ts 40 SEED`.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const storm = fileURLToPath(new URL('storm.ts', import.meta.url))

test('no storm ends in a production that is not good, nor in a history that is not true', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [storm, '2', '20261127'], {
    env: { PATH: process.env['PATH'] },
  }).catch((error: unknown) => error as { stdout: string })
  const { kills, failure } = JSON.parse(stdout)
  expect(failure).toBeUndefined()
  expect(kills).toBeGreaterThanOrEqual(2)
})
