/** What people write in the issue is theirs: no run of ours changes a byte of it. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { replaceSection } from '../../../src/views/postmortem/issue-body.ts'

const begin =
  '<!-- rollback-suite: written by the history from here; edits above the next such line are overwritten -->'
const end = '<!-- rollback-suite: yours from here -->'
const fresh = (section: string, people: string, before = '') =>
  `${before}${begin}\n\n${section}\n${end}${people}`

const section = fc
  .array(fc.constantFrom('## Summary\n', '| a | b |\n', 'text\n', '\n'), { maxLength: 6 })
  .map((lines) => lines.join(''))
/** Anything that people write, and more often than by chance what looks like ours. */
const anything = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        begin,
        end,
        `\n${begin}\n`,
        `\n${end}\n`,
        `\r\n${end}\r\n`,
        '\r\n',
        '\n',
        ' ',
        '$&',
        '$1',
        '```',
        '\u200b',
        '😀',
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
/** Anything but whole marker lines of ours. */
const unmarked = anything.filter((text) => !text.includes('<!-- rollback-suite'))

describe('a new section', () => {
  test('takes the place of the old one', () => {
    expect(replaceSection(fresh('old\n', '\n## Impact\n'), 'new\n')).toBe(fresh('new\n', '\n## Impact\n'))
  })

  test('leaves all that people wrote after it, whatever it is', () => {
    fc.assert(
      fc.property(section, section, anything, (before, after, people) => {
        const theirs = `\n${people}`
        expect(replaceSection(fresh(before, theirs), after)).toBe(fresh(after, theirs))
      }),
    )
  })

  test('leaves all that people wrote before it, with a beginning of ours in it, too', () => {
    fc.assert(
      fc.property(
        section,
        section,
        unmarked,
        fc.constantFrom('', `${begin}\n`, `${end}\n`),
        (old, next, text, ours) => {
          const before = `${text}\n${ours}`
          expect(replaceSection(fresh(old, '\n', before), next)).toBe(fresh(next, '\n', before))
        },
      ),
    )
  })

  test('goes on top where there was none, and everything else stays', () => {
    fc.assert(
      fc.property(section, unmarked, (next, body) => {
        expect(replaceSection(body, next)).toBe(fresh(next, `\n\n${body}`))
      }),
    )
  })

  test('goes on top once when somebody took a line of ours away', () => {
    for (const gone of [begin, end]) {
      const body = fresh('old\n', '\ntheirs\n').replace(gone, '')
      const once = replaceSection(body, 'new\n')
      expect(once.endsWith(body)).toBe(true)
      expect(replaceSection(once, 'newer\n')).toBe(fresh('newer\n', `\n\n${body}`))
    }
  })

  test('is the same text when it is written twice', () => {
    fc.assert(
      fc.property(section, section, anything, (first, second, body) => {
        const once = replaceSection(replaceSection(body, first), second)
        expect(replaceSection(once, second)).toBe(once)
      }),
    )
  })

  test('does not end where a line only has our words in it', () => {
    const quoting = `| commit | \`${end}\` |\n| ${begin} |\n`
    const body = fresh(quoting, '\ntheirs\n')
    expect(replaceSection(body, 'new\n')).toBe(fresh('new\n', '\ntheirs\n'))
  })

  test('is found in a body whose lines a browser has ended in its own way', () => {
    const body = fresh('old\n', '\ntheirs\n').replaceAll('\n', '\r\n')
    expect(replaceSection(body, 'new\n')).toBe(fresh('new\n', '\r\ntheirs\r\n'))
  })
})

describe('a section that is too long', () => {
  const long = Array.from({ length: 3_000 }, (_, n) => `| row ${n} | ${'x'.repeat(30)} |`).join('\n')
  const theRest = '_Truncated: an issue has a size limit. The rest is in the history._'

  test('is cut after a whole line, and what people wrote is not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_000 }), (length) => {
        const people = `\n${'y'.repeat(length)}`
        const body = replaceSection(fresh('old\n', people), long)
        expect(body.length).toBeLessThanOrEqual(65_536)
        expect(body.endsWith(`${end}${people}`)).toBe(true)
        expect(body).toContain(theRest)
        const rows = body.split('\n').filter((line) => line.startsWith('| row'))
        expect(rows.every((row) => row.endsWith(' |'))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('does not leave a block of code open, which would take in what people wrote', () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => `git revert ${n} ${'x'.repeat(30)}`).join('\n')
    const body = replaceSection(fresh('old\n', '\ntheirs\n'), `text\n\n\`\`\`sh\n${lines}\n\`\`\`\n`)
    expect(body).toContain(theRest)
    expect((body.match(/^```/gm) ?? []).length % 2).toBe(0)
  })

  test('gives way where people left no room at all', () => {
    const body = 'y'.repeat(65_500)
    expect(replaceSection(body, 'new\n')).toBe(body)
    const full = fresh('', `\n${'y'.repeat(65_536)}`)
    expect(replaceSection(full, 'new\n')).toBe(full)
  })
})
