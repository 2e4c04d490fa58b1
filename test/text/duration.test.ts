import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError } from '../../src/errors.ts'
import { explainDuration, formatDuration, parseDuration, sayDuration } from '../../src/text/duration.ts'

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each([
    ['300', 'has no unit; write `300s` for seconds, `300m` for minutes or `300ms` for milliseconds'],
    ['1.5', 'has no unit; write a whole number with ms, s, m, h or d, such as `15s` or `5m`'],
    ['1.5h', 'must be a whole number of one unit; write `90m`'],
    ['1h30m', 'must be a whole number of one unit; write `90m`'],
    ['5 min', 'must be a whole number of one unit; write `5m`'],
    ['5M', 'must be a whole number of one unit; write `5m`'],
    ['-5s', 'is not a duration; write a whole number with ms, s, m, h or d, such as `15s` or `5m`'],
    ['soon', 'is not a duration; write a whole number with ms, s, m, h or d, such as `15s` or `5m`'],
    ['400d', 'is 400d; write at most 365d'],
  ])('%s is refused with what to write instead', (text, message) => {
    expect(() => parseDuration(text)).toThrow(new InputError(message))
  })

  test('a number that is not text is explained like one that is', () => {
    expect(explainDuration(300)).toBe(explainDuration('300'))
  })

  test.each([
    [90_000, '90s'],
    [300_000, '5m'],
    [123_456, '123456ms'],
    [0, '0s'],
  ])('%d milliseconds are written without a fraction', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
  })

  test('what is written is read back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds)
      }),
    )
  })

  test('no text is anything but a duration or an InputError', () => {
    const nearly = fc.stringMatching(/^[-+]?[0-9]{0,12}[.,]?[0-9]{0,3} ?[a-zA-Z]{0,4}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        try {
          expect(parseDuration(text)).toBeGreaterThanOrEqual(0)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
    )
  })
})

describe('a duration that was measured', () => {
  test.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [849.6, '850 ms'],
    [999.6, '1 s'],
    [1_168, '1.2 s'],
    [2_000, '2 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [42_400, '42 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [7_170_000, '2 h'],
    [86_399_000, '1 d'],
    [100_000_000, '1 d 4 h'],
  ])('of %d milliseconds is said as %s', (milliseconds, text) => {
    expect(sayDuration(milliseconds)).toBe(text)
  })
})
