/** What is committed in dist/ is what the source builds, and every action starts from it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { actions } from '../src/actions/table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

test('dist/ is what the source builds, file by file (else: npm run build)', () => {
  const built = mkdtempSync(join(tmpdir(), 'dist-'))
  try {
    execFileSync(process.execPath, ['script/build.ts', '--out', built], { cwd: root, stdio: 'pipe' })
    const files = filesOf(built)
    expect(filesOf(dist)).toEqual(files)
    // names alone: a difference of 800 kB is nothing to read
    const differs = (file: string) => !readFileSync(join(built, file)).equals(readFileSync(join(dist, file)))
    expect(files.filter(differs)).toEqual([])
  } finally {
    rmSync(built, { recursive: true, force: true })
  }
})

test('nothing in dist/ names a folder of the machine that built it', () => {
  const naming = filesOf(dist).filter((file) => readFileSync(join(dist, file), 'utf8').includes(root))
  expect(naming).toEqual([])
})

test.each(actions.map(({ name }) => name))(
  '%s starts, and says what it lacks outside of a workflow',
  (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, name, 'index.js')], {
      env: { PATH: process.env['PATH'], INPUT_TOKEN: 'ghs_0123456789' },
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toContain('::error::GITHUB_REPOSITORY is not set')
    expect(status).toBe(1)
  },
)

function filesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(directory, file)).isFile())
    .sort()
}
