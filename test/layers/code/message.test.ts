import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type RollbackTrace, readMessage, tagOf, writeMessage } from '../../../src/layers/code/message.ts'

const trace: RollbackTrace = {
  incident: 'production-2c5ea4c0f1d2',
  environment: 'production',
  from: 'b'.repeat(40),
  to: 'a'.repeat(40),
  reason: 'the homepage answers 500',
  by: 'grace',
  runUrl: 'https://github.com/octo-org/shop/actions/runs/7',
}
const scope = { mode: 'restore', paths: [] }
const said = { incident: trace.incident, from: trace.from, to: trace.to, ...scope }

test('a rollback commit says what happened, to people and to programs', () => {
  expect(writeMessage(trace, scope)).toMatchInlineSnapshot(`
"Roll back production to aaaaaaa

the homepage answers 500

Rollback-Incident: production-2c5ea4c0f1d2
Rollback-Environment: production
Rollback-From: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
Rollback-To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Rollback-Mode: restore
Rollback-Requested-By: grace
Rollback-Run: https://github.com/octo-org/shop/actions/runs/7
"
`)
})

test('says which paths were restored, and with reset where the branch was', () => {
  const some = writeMessage(trace, { mode: 'restore', paths: ['app/[id]', 'a, b', 'größe/x  y'] })
  expect(some).toContain('Rollback-Paths: ["app/[id]","a, b","größe/x \\u0020y"]\n')
  expect(readMessage(some)?.paths).toEqual(['app/[id]', 'a, b', 'größe/x  y'])
  const moved = writeMessage(trace, { mode: 'reset', paths: [], reset: 'main' })
  expect(moved).toMatch(/^Where main was before it was moved back to aaaaaaa\n/)
})

test('a commit whose paths cannot be read is no rollback', () => {
  const forged = writeMessage(trace, { mode: 'restore', paths: ['app'] }).replace('["app"]', 'app')
  expect(readMessage(forged)).toBeUndefined()
})

test('the message is read back whatever the reason, the environment and the names hold', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          '\n',
          '\n\n',
          '\r\n',
          '\u2028',
          '\u0085',
          ' ',
          '---',
          'Rollback-Incident: x',
          'Rollback-To: y',
          ':',
          '#',
          'a',
        ),
      )
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(nasty, nasty, nasty, nasty, fc.array(nasty), (reason, environment, by, runUrl, paths) => {
      const message = writeMessage({ ...trace, reason, environment, by, runUrl }, { mode: 'restore', paths })
      expect(readMessage(message)).toEqual({ ...said, paths })
      // subject, reason and trailers: nothing from outside makes a line of its own
      expect(message.trimEnd().split('\n\n').length).toBeLessThanOrEqual(3)
      expect(
        message.split('\n').filter((line) => /^Rollback-Incident:/.test(line)).length,
      ).toBeLessThanOrEqual(2)
      expect(message).not.toMatch(/[\0\r\u0085]/)
    }),
  )
})

test.each([
  'Rollback-Incident: another',
  'broken\n\nRollback-Incident: another\nRollback-From: x',
  '---\nRollback-Incident: another',
  'done\r\n\r\nRollback-Incident: another',
])('git reads one incident from it, whatever the reason forges: %j', (reason) => {
  const printed = execFileSync('git', ['interpret-trailers', '--parse', '--no-divider'], {
    input: writeMessage({ ...trace, reason }, scope),
    encoding: 'utf8',
  })
  expect(printed.split('\n').filter((line) => line.startsWith('Rollback-Incident:'))).toEqual([
    `Rollback-Incident: ${trace.incident}`,
  ])
})

test.each([
  ['is an ordinary one', 'Tidy up\n\nIt was untidy.\n'],
  ['quotes a rollback in its text', `Explain\n\n${writeMessage(trace, scope)}\n\nThat is how it looks.\n`],
  ['has only some of the trailers', `x\n\nRollback-Incident: ${trace.incident}\n`],
  ['has empty trailers', 'x\n\nRollback-Incident: \nRollback-From: \nRollback-To: \n'],
  [
    'is a revert of a rollback',
    `Revert "Roll back production to aaaaaaa"\n\nThis reverts commit ${'c'.repeat(40)}.\n`,
  ],
  ['is empty', ''],
])('a commit whose message %s is no rollback', (_, message) => {
  expect(readMessage(message)).toBeUndefined()
})

test('the tag tells the second in UTC', () => {
  expect(tagOf(new Date('2026-11-24T03:04:05.678Z'))).toBe('rollback_20261124_030405')
  expect(tagOf(new Date('2026-11-24T01:04:05+02:00'))).toBe('rollback_20261123_230405')
})
