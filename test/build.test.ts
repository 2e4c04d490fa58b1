/** What is committed in dist/ is what the source builds, and every bundle starts. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { actions } from '../src/actions/table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('dist/', () => {
  let built: string
  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), 'dist-'))
    execFileSync(process.execPath, ['script/build.ts', '--out', built], { cwd: root, stdio: 'pipe' })
  })
  afterAll(() => rmSync(built, { recursive: true, force: true }))

  test('holds the files that the source builds, and no others', () => {
    expect(filesOf(join(root, 'dist'))).toEqual(filesOf(built))
  })

  test.each(actions.map(({ name }) => name))('%s is what the source builds (else: npm run build)', (name) => {
    for (const file of filesOf(join(built, name))) {
      // compared as one truth value: a difference of 2 MB is nothing to read
      const same = readFileSync(join(built, name, file)).equals(readFileSync(join(root, 'dist', name, file)))
      expect({ file, same }).toEqual({ file, same: true })
    }
  })
})

describe('the bundle of', () => {
  test.each(actions.map(({ name }) => name))(
    '%s starts, and says what it lacks outside of a workflow',
    (name) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist', name, 'index.js')], {
        env: { PATH: process.env['PATH'], INPUT_TOKEN: 'ghs_0123456789' },
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      expect(stdout).toContain('::error::GITHUB_REPOSITORY is not set')
      expect(status).toBe(1)
    },
  )
})

function filesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort()
}
