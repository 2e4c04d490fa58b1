import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('..', import.meta.url))
const trials: string[] = []
afterAll(() => {
  for (const trial of trials) rmSync(trial, { recursive: true, force: true })
})

function cruise(folder: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/depcruise',
    ['--config', '.dependency-cruiser.js', folder],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  return { status, output: stdout + stderr }
}

test('no rule between folders is broken', () => {
  const { status, output } = cruise('src')
  expect(output).toContain('no dependency violations found')
  expect(status).toBe(0)
})

test.each([
  ['layers/code', '../../runner/log.ts', 'runner-is-for-actions'],
  ['health', '../github/client.ts', 'health-stands-on-settings'],
  ['views/postmortem', '../../layers/code/restore.ts', 'postmortem-is-a-view'],
  ['github', '../history/event.ts', 'github-knows-nothing'],
  ['history', '../actions/table.ts', 'nothing-imports-actions'],
  ['layers/code', '@octokit/rest', 'octokit-only-in-github'],
  ['health', '@actions/core', 'toolkit-only-in-runner'],
  ['settings', '../../test/support/repository.ts', 'source-does-not-import-tests'],
])('a file of src/%s that imports %s is found to break "%s"', (folder, imported, rule) => {
  const trial = mkdtempSync(join(root, 'src', folder, 'trial-'))
  trials.push(trial)
  mkdirSync(trial, { recursive: true })
  const path = imported.startsWith('.') ? `../${imported}` : imported
  writeFileSync(join(trial, 'trial.ts'), `import * as broken from '${path}'\nexport { broken }\n`)
  const { status, output } = cruise(trial)
  rmSync(trial, { recursive: true })
  expect(output).toContain(rule)
  expect(status).not.toBe(0)
})
