/** 14.5: script/picture.ts says in one line what is missing. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'picture-test-'))
  writeFileSync(join(folder, 'summary.md'), '# All is well\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** On a machine where no other program is. */
function take(...parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['script/picture.ts', ...parameters], {
    encoding: 'utf8',
    env: { PATH: folder },
  })
  return { status, said: `${stdout}${stderr}` }
}

test.each([
  [
    'without chromium',
    ['summary.md', 'picture.png'],
    'chromium is not installed, and the picture is taken with it: apt-get install -y chromium\n',
  ],
  [
    'without a document',
    [],
    'write what to show and where the picture goes: npm run picture -- summary.md picture.png\n',
  ],
])('%s it ends with one line', (_, names, said) => {
  expect(take(...names.map((name) => join(folder, name)))).toEqual({ status: 1, said })
})

test('with a document that is not there it names it', () => {
  const { status, said } = take(join(folder, 'none.md'), 'picture.png')
  expect(status).toBe(1)
  expect(said).toMatch(/^there is no \S+none\.md: write the path of a Markdown document\n$/)
})
