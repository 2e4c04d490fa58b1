/** 12.13: text becomes commands of the runner. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openRunnerLog, parseRunnerCommand } from '../../src/drill/runner-commands.ts'
import { openCommandFilter } from '../../src/runner/output.ts'
import { hostileTexts } from '../support/hostile-texts.ts'

/** What the runner makes of a text that is printed in these pieces. */
function readBack(pieces: readonly string[]) {
  const log = openRunnerLog(undefined)
  const stream = log.readStream()
  const filter = openCommandFilter()
  for (const piece of pieces) stream.read(filter(piece))
  stream.end()
  return { commands: log.commands(), failures: log.failures(), lines: log.log() }
}

const fragment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 6, arbitrary: fc.constantFrom(':', '::', '#', '##', '[', ']', '##[', 'set-env', 'name=a') },
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r', '\r\n', ' ', '\t', '\u0085', '\u2028', '\u00a0') },
  { weight: 2, arbitrary: fc.constantFrom('\u200b', '\ufeff', '\u00ad', '\u001b[2K', '\0') },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme' }) },
)

test('no text is a command of the runner, however it is cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 30 }), (pieces) => {
      expect(readBack(pieces)).toMatchObject({ commands: [], failures: [] })
    }),
    { numRuns: 3000 },
  )
})

test('the text stays as it is, but for one space in each command', () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 30 }), (pieces) => {
      const filter = openCommandFilter()
      const printed = pieces.map(filter).join('')
      expect(printed.replaceAll(' ', '')).toBe(pieces.join('').replaceAll(' ', ''))
      expect(printed.length - pieces.join('').length).toBeLessThanOrEqual(printed.split(/[[:]/).length - 1)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  [
    'a commit title',
    '  2e618ad fix: tidy ##[set-output name=decision]keep',
    '  2e618ad fix: tidy ## [set-output name=decision]keep',
  ],
  ['a next line', '\u0085::set-env name=A::b', '\u0085: :set-env name=A::b'],
  ['a carriage return', '100 %\r::stop-commands::x', '100 %\r: :stop-commands::x'],
  ['a heading of Markdown', '### [a link](x)', '### [a link](x)'],
  ['a path of C++', 'std::vector of a::b', 'std::vector of a::b'],
])('%s', (_, text, printed) => {
  expect(openCommandFilter()(text)).toBe(printed)
})

describe('the runner that tests and drill use reads a line as the real one', () => {
  test.each([
    [
      '::warning file=a.ts,line=1::too%0Along',
      { name: 'warning', properties: { file: 'a.ts', line: '1' }, data: 'too\nlong' },
    ],
    ['\u0085\u3000 ::SET-ENV name=A%2CB::c', { name: 'set-env', properties: { name: 'A,B' }, data: 'c' }],
    ['| a ##[add-mask]b', { name: 'add-mask', properties: {}, data: 'b' }],
    [
      '\u001b[31m##[set-env name=a;x=%5D]b',
      { name: 'set-env', properties: { name: 'a', x: ']' }, data: 'b' },
    ],
  ])('%j is a command', (line, command) => {
    expect(parseRunnerCommand(line)).toEqual(command)
  })

  test.each([
    '::warning',
    'a ::warning::b',
    '\u001b[31m::warning::b',
    '\ufeff::warning::b',
    '##[warn]b',
    '##[warning b',
    ': :add-mask::b',
  ])('%j is text', (line) => expect(parseRunnerCommand(line)).toBeUndefined())

  test('stop-commands ends masking until its token; each stream has lines of its own; set-env fails the step', () => {
    const log = openRunnerLog(undefined)
    const [out, errors] = [log.readStream(), log.readStream()]
    out.read('::stop-commands::enough\n::add-mask::first\nfirst\n::eno')
    errors.read('half a li')
    out.read('ugh::\r\n::add-mask::second\rsecond\r')
    errors.read('ne\n')
    out.end()
    errors.end()
    expect(log.log().split('\n')).toEqual(['::add-mask::first', 'first', 'half a line', '***'])
    const refused = openRunnerLog(undefined)
    refused.readStream().read('##[set-env name=a]b\n::stop-commands::error\n')
    expect(refused.failures()).toHaveLength(2)
  })
})

test('an uncaught error is read by a runner that is slower than what is printed', async () => {
  const script = fileURLToPath(new URL('../support/hasty-action.ts', import.meta.url))
  const env = { PATH: process.env['PATH'], GITHUB_REPOSITORY: 'octo-org/shop' }
  // the pipe is full before the first line of it is read
  const slow = 'set -o pipefail; "$0" "$1" 2>&1 | { sleep 1; cat; }'
  const read = promisify(execFile)('bash', ['-c', slow, process.execPath, script], { env })
  await expect(read).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('the last word') })
})
