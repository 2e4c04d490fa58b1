/** Workflows and actions as the tools of the field see them, and that these tools and our own checks see what is wrong. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { findTool } from '../support/act/act.ts'
import { root } from '../support/act/release.ts'
import { problemsOf } from '../support/act/wiring.ts'

const parts = ['.github', 'actions', 'action.yml']
const inCi = process.env['CI'] === 'true'
const linters = [
  { name: 'actionlint', args: (folder: string) => workflowsIn(folder) },
  {
    name: 'zizmor',
    args: (folder: string) => [
      '--offline',
      '--quiet',
      '--no-progress',
      ...parts.map((part) => join(folder, part)),
    ],
  },
].map((linter) => ({ ...linter, program: findTool(linter.name) }))

/** @returns what it says; '' when all is well */
function lint({ program = '', args }: (typeof linters)[number], folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args(folder), {
    cwd: folder,
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return status === 0 ? '' : `${stdout}${stderr}`
}

function workflowsIn(folder: string): readonly string[] {
  const workflows = join(folder, '.github/workflows')
  return readdirSync(workflows).map((name) => join(workflows, name))
}

describe.each(linters)('$name', (linter) => {
  const run = linter.program !== undefined || inCi ? test : test.skip
  if (linter.program === undefined)
    process.stderr.write(`skipped, ${linter.name} is not installed: see script/bootstrap\n`)
  run('has nothing to say', () => expect(lint(linter, root)).toBe(''), 60_000)
})

test('what is wired together fits: inputs, outputs, permissions, pins', () => {
  expect(problemsOf(root)).toEqual([])
})

describe('it is caught when', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mutated-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    [
      'a condition asks for a step that is not there',
      '.github/workflows/guard.yml',
      'steps.gate.outputs.decision }}',
      'steps.gates.outputs.decision }}',
    ],
    [
      'a condition asks for an output that is not there',
      '.github/workflows/watch.yml',
      'steps.look.outputs.decision }}',
      'steps.look.outputs.decisions }}',
    ],
    [
      'a job drops an output that another one reads',
      '.github/workflows/issueops.yml',
      '      target: ${{ steps.comment.outputs.target }}\n',
      '',
    ],
    ['a permission is missing', '.github/workflows/guard.yml', '      contents: write # the history\n', ''],
    [
      'a permission is missing in the job that answers',
      '.github/workflows/issueops.yml',
      '      issues: write # the reaction and the answer\n',
      '',
    ],
    [
      'an action is pinned by a tag',
      '.github/workflows/rollback.yml',
      /upload-artifact@\w+ # (v[\d.]+)/,
      'upload-artifact@$1',
    ],
    [
      'a job that calls a workflow gives it less than it needs',
      '.github/workflows/guard.yml',
      '      issues: write # the post-mortem\n',
      '',
    ],
    [
      'a workflow that is called gets an input that it does not have',
      '.github/workflows/watch.yml',
      '      on-failure: ${{ inputs.on-failure }}\n',
      '      on-failures: ${{ inputs.on-failure }}\n',
    ],
    [
      '12: a workflow that rolls back by a comment does not hand `on-failure` on',
      '.github/workflows/issueops.yml',
      '      on-failure: ${{ inputs.on-failure }}\n',
      '',
    ],
    [
      '12: a step that rolls back does not get `on-failure`',
      '.github/workflows/rollback.yml',
      '          on-failure: ${{ inputs.on-failure }}\n',
      '',
    ],
    [
      'a composite’s action is pinned by a branch',
      'actions/snapshot/action.yml',
      /upload-artifact@\w+ # v[\d.]+/,
      'upload-artifact@main',
    ],
    [
      'an input is misspelt',
      'actions/restore-snapshot/action.yml',
      '        identity: ${{',
      '        identify: ${{',
    ],
    [
      'a composite’s output is of no step',
      'actions/snapshot/action.yml',
      'steps.backup.outputs.backup }}',
      'steps.back-up.outputs.backup }}',
    ],
    [
      'a text of an event reaches a shell',
      '.github/workflows/ci.yml',
      'run: bash .ci/run',
      'run: echo "${{ github.event.head_commit.message }}"',
    ],
    [
      'a description has an expression, which a runner refuses',
      'actions/snapshot/action.yml',
      'Name of the backup.',
      'Name of ${{ vars.X }}.',
    ],
  ] as const)('%s', (_, path, from, to) => {
    for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true })
    const before = readFileSync(join(folder, path), 'utf8')
    const after = before.replace(from, to)
    expect(after).not.toBe(before)
    writeFileSync(join(folder, path), after)
    const found =
      problemsOf(folder).length > 0 ||
      linters.some((linter) => linter.program !== undefined && lint(linter, folder) !== '')
    expect(found).toBe(true)
  })
})
