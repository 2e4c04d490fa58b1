import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { redact, redactDeep } from '../../src/text/redact.ts'

describe('redact', () => {
  test('takes a known value out wherever it stands', () => {
    expect(redact('before s3cr3t-value after s3cr3t-value', ['s3cr3t-value'])).toBe('before *** after ***')
  })

  test('takes a known value out in the encodings it may travel in', () => {
    const secret = 'pa ss/wörd"1'
    for (const encoded of [
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect(redact(`x=${encoded};`, [secret])).not.toContain(encoded)
    }
  })

  test('takes a known value out of a basic authorization header, at whatever offset base64 puts it', () => {
    for (const user of ['', 'a', 'ab', 'abc', 'x-access-token']) {
      const header = Buffer.from(`${user}:correct-horse-battery`).toString('base64')
      const left = redact(`(${header})`, ['correct-horse-battery'])
      expect(Buffer.from(left, 'base64').toString()).not.toContain('horse')
    }
  })

  test('takes each line of a known value out by itself', () => {
    expect(redact('first-line… and then: second-line', ['first-line\nsecond-line'])).toBe(
      '***… and then: ***',
    )
  })

  test('leaves a known value of up to three characters alone, as masking it would eat the text', () => {
    expect(redact('to be or not to be', ['be'])).toBe('to be or not to be')
  })

  test.each([
    ['a GitHub token', 'ghs_1234567890abcdefABCDEF'],
    ['a new installation token of any length', `ghs_12_${'a'.repeat(500)}`],
    ['a fine-grained token', 'github_pat_11ABCDEFG0abcdefghijkl'],
    ['a Slack token', 'xoxb-1234567890-abcdefghij'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['a JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----'],
  ])('takes out %s that nobody told us of', (_, credential) => {
    expect(redact(`server said: ${credential} is bad`)).toBe('server said: *** is bad')
  })

  test.each([
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer ***'],
    ['postgres://app:hunter22@db/prod', 'postgres://app:***@db/prod'],
    ['{"password":"hunter22"}', '{"password":"***"}'],
    ['?api_key=hunter22&x=1', '?api_key=***&x=1'],
  ])('keeps what names a credential and drops its value: %s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test('leaves commit ids, addresses and prose as they are', () => {
    const text =
      'at 3f2a9c1b7d043f2a9c1b7d043f2a9c1b7d043f2a see https://github.com/octo-org/shop/issues/1 token is wrong'
    expect(redact(text)).toBe(text)
  })

  test('never leaves a known value behind, whatever the text around it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(secret.trim().length >= 4 && !'***'.includes(secret.trim()))
        expect(redact(`${before}${secret}${after}`, [secret]).includes(secret.trim())).toBe(false)
      }),
    )
  })
})

test('redactDeep goes through lists and objects and leaves numbers alone', () => {
  const hidden = redactDeep({ a: ['x secret y', 1], b: { c: 'secret' }, d: null }, (text) =>
    text.replace('secret', '***'),
  )
  expect(hidden).toEqual({ a: ['x *** y', 1], b: { c: '***' }, d: null })
})
