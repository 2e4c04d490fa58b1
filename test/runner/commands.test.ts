/** What is said to the runner is, byte for byte, what GitHub's own toolkit says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as core from '@actions/core'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { issueCommand, setOutput } from '../../src/runner/commands.ts'
import { writeSummary } from '../../src/runner/summary.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'))
})
afterEach(() => {
  delete process.env['GITHUB_OUTPUT']
  delete process.env['GITHUB_STEP_SUMMARY']
  rmSync(folder, { recursive: true, force: true })
})

/** What is printed while `print` runs. */
function printed(print: () => void): string {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = (chunk: string | Uint8Array) => {
    text += String(chunk)
    return true
  }
  try {
    print()
  } finally {
    process.stdout.write = write
  }
  return text
}

/** An empty file of the name, which the runner's variable names. */
function fileOf(variable: string): string {
  const path = join(folder, variable)
  writeFileSync(path, '')
  process.env[variable] = path
  return path
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('%', '\r', '\n', ':', ',', '::', '%0A', '=', 'a', 'ä', ' '))
    .map((parts) => parts.join('')),
)

test('a command is the one that the toolkit sends, whatever its text', () => {
  fc.assert(
    fc.property(text, text, (message, title) => {
      expect(printed(() => issueCommand('warning', message, { title }))).toBe(
        printed(() => core.warning(message, title === '' ? {} : { title })),
      )
      expect(printed(() => issueCommand('error', message, { title }))).toBe(
        printed(() => core.error(message, title === '' ? {} : { title })),
      )
      expect(printed(() => issueCommand('debug', message))).toBe(printed(() => core.debug(message)))
      expect(printed(() => issueCommand('add-mask', message))).toBe(printed(() => core.setSecret(message)))
    }),
  )
})

test('an output is written as the toolkit writes it, but for the random delimiter', () => {
  fc.assert(
    fc.property(text, (value) => {
      const file = fileOf('GITHUB_OUTPUT')
      const written = (write: () => void) => {
        writeFileSync(file, '')
        write()
        return readFileSync(file, 'utf8').replaceAll(/ghadelimiter_[\w-]{36}/g, 'delimiter')
      }
      expect(written(() => setOutput('decision', value))).toBe(
        written(() => core.setOutput('decision', value)),
      )
    }),
    { numRuns: 50 },
  )
})

test('two outputs have delimiters of their own', () => {
  const file = fileOf('GITHUB_OUTPUT')
  setOutput('a', '1')
  setOutput('b', '2')
  expect(new Set(readFileSync(file, 'utf8').match(/ghadelimiter_[\w-]{36}/g))).toHaveProperty('size', 2)
})

test('a summary is appended as the toolkit appends it', async () => {
  const file = fileOf('GITHUB_STEP_SUMMARY')
  const secrets = { add: () => {}, redact: (line: string) => line }
  await writeSummary('## One', { secrets })
  await writeSummary('## Two', { secrets })
  const ours = readFileSync(file, 'utf8')
  writeFileSync(file, '')
  await core.summary.addRaw('## One', true).write()
  await core.summary.emptyBuffer().addRaw('## Two', true).write()
  expect(ours).toBe(readFileSync(file, 'utf8'))
})

test('outside of a runner there is no file of outputs and no summary, and nothing is written', async () => {
  expect(printed(() => setOutput('decision', 'keep'))).toBe('')
  await writeSummary('## One', { secrets: { add: () => {}, redact: (line) => line } })
})
