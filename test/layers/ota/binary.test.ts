import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { satisfies } from 'semver'
import { concreteVersion, covers, isSameBinary, overlaps } from '../../../src/layers/ota/binary.ts'

test.each([
  ['1.0.0', '1.0.0', true],
  ['^1.0.0', '1.x', true],
  ['1.0.0', '^1.0.0', false],
  ['fingerprint:a', 'fingerprint:a', true],
  ['fingerprint:a', 'fingerprint:b', false],
])('%s and %s are the same binaries: %s', (a, b, expected) => {
  expect(isSameBinary(a, b)).toBe(expected)
})

test.each([
  ['^1.0.0', '1.2.0', true],
  ['^1.0.0', '2.0.0', false],
  ['>=1.0.0 <1.5.0', '~1.4.0', true],
  ['*', '3.1.4', true],
  ['fingerprint:a', '*', false],
])('%s and %s have a binary in common: %s', (a, b, expected) => {
  expect(overlaps(a, b)).toBe(expected)
})

test.each([
  ['^1.0.0', '1.2.0', true],
  ['^1.0.0', '1.x', true],
  ['^1.0.0', '2.0.0', false],
  ['1.2.0', '^1.0.0', false],
])('a release for %s is for %s as a person names it: %s', (range, named, expected) => {
  expect(covers(range, named)).toBe(expected)
})

describe('the version that a device says of itself', () => {
  test.each([
    ['1.4.2', [], '1.4.2'],
    ['^1.0.0', [], '1.0.0'],
    ['^1.0.0', ['1.0.0'], '1.0.1'],
    ['>1.0.0', [], '1.0.1'],
    ['<2.0.0', [], '0.0.0'],
    ['*', ['1.0.0'], '0.0.0'],
    ['fingerprint:a', [], 'fingerprint:a'],
  ])('for %s beside %j is %s', (range, others, expected) => {
    expect(concreteVersion(range, others)).toBe(expected)
  })

  test('is always within the range', () => {
    const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join('.'))
    const range = fc.oneof(
      version,
      version.map((each) => `^${each}`),
      version.map((each) => `~${each}`),
      version.map((each) => `>=${each}`),
      version.map((each) => `<=${each}`),
    )
    fc.assert(fc.property(range, (each) => satisfies(concreteVersion(each), each)))
  })
})
