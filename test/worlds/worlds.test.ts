/**
 * 12, "it is done when" 3: in no generated world (branch, deployments, environments, paths, events, actors) does a run of the
 * front door exit 0 with an ending that a look from outside contradicts. The worlds are simulated in a process of their own,
 * as they change the environment and the streams of theirs. To look for more: `node test/worlds/simulate.ts 1000 SEED`.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const simulate = fileURLToPath(new URL('simulate.ts', import.meta.url))

test('no run exits 0 with an ending that a look from outside contradicts', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [simulate, '120', '20261127'], {
    env: { PATH: process.env['PATH'] },
  }).catch((error: unknown) => error as { stdout: string })
  const { worlds, outcomes, failure } = JSON.parse(stdout)
  expect(failure).toBeUndefined()
  expect(worlds).toBe(120)
  // each ending was come to: a generator that only makes refusals would find nothing
  for (const ending of [
    'complete',
    'already-rolled-back',
    'well',
    'planned',
    'failed: held',
    'failed: refused',
    'rolled-back',
    'failed: not-deployed',
    'failed: not-verified',
  ])
    expect(outcomes).toHaveProperty([ending], expect.any(Number))
}, 300_000)
