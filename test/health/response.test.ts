import { expect, test } from '@jest/globals'
import { chooseResponse } from '../../src/health/response.ts'

const unhealthy = { verdict: 'unhealthy', reasonCode: 'critical-check', because: 'homepage is down' } as const
const held = { reasonCode: 'on-hold', because: 'ada holds rollbacks: audit until Friday' }

test('an unhealthy production is rolled back', () => {
  expect(chooseResponse(unhealthy, undefined)).toEqual({
    decision: 'roll-back',
    reasonCode: 'critical-check',
    because: 'homepage is down',
  })
})

test.each(['healthy', 'inconclusive', 'error', 'pre-existing'] as const)(
  'nothing is undone when the verdict is %s',
  (verdict) => {
    const report = { verdict, reasonCode: 'no-data', because: 'it was dark' } as const
    const response = { decision: 'keep', reasonCode: 'no-data', because: 'it was dark' }
    expect(chooseResponse(report, undefined)).toEqual(response)
    expect(chooseResponse(report, held)).toEqual(response)
  },
)

test('nothing is rolled back while a guard holds it, and its reason is said', () => {
  expect(chooseResponse(unhealthy, held)).toEqual({
    decision: 'hold',
    reasonCode: 'on-hold',
    because: 'homepage is down; held, because ada holds rollbacks: audit until Friday',
  })
})
