import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type MisbehavingService, startMisbehavingService } from '../support/misbehaving-service.ts'
import { checksOf, watch } from './example.ts'

let service: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
})
afterAll(() => service.stop())

/** The verdict on a number that stays as it is, and the state of its check. */
async function verdictOn(number: number, check: object) {
  service.behave({ kind: 'raw', status: 200, body: JSON.stringify({ number }) })
  const json = { name: 'it', type: 'json', url: service.url, value: '$.number', severity: 'critical' }
  const { report } = await watch({ checks: checksOf({ ...json, ...check }), windowMs: 30_000 })
  return [report.verdict, report.checks[0]?.state]
}
const isWell = ['healthy', 'ok']
const isBeyond = ['unhealthy', 'breached']

describe('a limit', () => {
  test.each<[object, number, readonly string[]]>([
    [{ max: 5 }, 5, isWell],
    [{ max: 5 }, 5.1, isBeyond],
    [{ max: 5 }, -100, isWell],
    [{ min: 5 }, 5, isWell],
    [{ min: 5 }, 4.9, isBeyond],
    [{ min: 5 }, 1e9, isWell],
    [{ min: 0, max: 5 }, 0, isWell],
    [{ min: 0, max: 5 }, -1, isBeyond],
    [{ min: 0, max: 5 }, 6, isBeyond],
    [{ equals: 3 }, 3, isWell],
    [{ equals: 3 }, 3.01, isBeyond],
    [{ equals: 0 }, 0, isWell],
  ])('%j of %d is %j', async (limit, number, verdict) => {
    expect(await verdictOn(number, limit)).toEqual(verdict)
  })
})

describe('what a check that stays beyond its limit may do, by its severity', () => {
  test.each<[string, readonly string[]]>([
    ['critical', isBeyond],
    ['high', isBeyond],
    ['medium', isBeyond],
    ['low', ['healthy', 'breached']],
  ])('%s: %j', async (severity, verdict) => {
    expect(await verdictOn(9, { max: 5, severity })).toEqual(verdict)
  })
})

test.each(['critical', 'high', 'medium'])(
  'a %s one that was for less than `for` decides nothing',
  async (severity) => {
    const [verdict] = await verdictOn(9, { max: 5, severity, for: '30s' })
    expect(verdict).toBe('unhealthy')
    let round = 0
    const json = {
      name: 'it',
      type: 'json',
      url: service.url,
      value: '$.number',
      max: 5,
      severity,
      for: '30s',
    }
    service.behave({ kind: 'raw', status: 200, body: '{"number": 1}' })
    const late: typeof fetch = (url, options) => {
      round += 1
      if (round === 3) service.behave({ kind: 'raw', status: 200, body: '{"number": 9}' })
      return fetch(url, options)
    }
    const { report } = await watch({ checks: checksOf(json), windowMs: 45_000, fetch: late })
    expect(report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'unsettled-issue' })
  },
)
