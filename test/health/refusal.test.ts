import { describe, expect, test } from '@jest/globals'
import { findRefusal } from '../../src/health/refusal.ts'

const answer = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
})

describe('what refuses the runner', () => {
  test.each([
    [401, false],
    [403, false],
    [407, false],
    [429, true],
  ])('status %d', (status, isOnlyOfRunner) => {
    expect(findRefusal(answer(status), {})).toEqual({ how: `status ${status}`, isOnlyOfRunner })
  })

  test.each([200, 404, 405, 500, 503])('is not status %d to GET', (status) => {
    expect(findRefusal(answer(status), { method: 'GET' })).toBeUndefined()
  })

  test('status 405 to HEAD', () => {
    expect(findRefusal(answer(405), { method: 'HEAD' })).toMatchObject({ how: 'status 405 to HEAD' })
  })

  test.each([
    [403, { 'cf-mitigated': 'challenge' }],
    [503, { 'cf-mitigated': 'challenge' }],
    [202, { 'x-amzn-waf-action': 'challenge' }],
    [405, { 'x-amzn-waf-action': 'captcha' }],
  ])('a challenge page with status %d', (status, headers) => {
    expect(findRefusal(answer(status, headers), {})).toMatchObject({ isOnlyOfRunner: true })
  })

  test('is not a status that the check expects', () => {
    expect(findRefusal(answer(403), { wanted: [403] })).toBeUndefined()
  })
})
