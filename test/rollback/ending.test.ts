/** 12: one word for how things stand, by what was looked at: what was not looked at is never complete. */
import { describe, expect, test } from '@jest/globals'
import { endOf, type Seen } from '../../src/rollback/ending.ts'

const back: Seen['layers'] = [{ outcome: 'rolled-back' }]
const recovered = { outcome: 'recovered', looked: true } as const
const seen = (more: Partial<Seen>): Seen => ({
  layers: back,
  deployment: {},
  recovery: recovered,
  ...more,
})

test('complete: every layer is back, what had to be deployed is, and production was seen to be well', () => {
  expect(endOf(seen({}))).toBe('complete')
  expect(endOf(seen({ deployment: undefined }))).toBe('complete')
})

describe('not complete', () => {
  test.each<[string, Partial<Seen>, string]>([
    [
      'not-recovered: a check is still beyond its limit',
      { recovery: { ...recovered, outcome: 'not-recovered' } },
      'not-recovered',
    ],
    [
      'not looked at, as there is no check',
      { recovery: { outcome: 'unknown', looked: false } },
      'not-verified',
    ],
    ['looked at, with too little to see', { recovery: { outcome: 'unknown', looked: true } }, 'not-verified'],
    [
      'for something outside of the run to look at',
      { recovery: { outcome: 'unknown', looked: false, isHandedOver: true } },
      'rolled-back',
    ],
    [
      'not deployed',
      { deployment: { problem: 'it failed' }, recovery: { outcome: 'unknown', looked: false } },
      'not-deployed',
    ],
    [
      'another revision is served',
      { recovery: { outcome: 'not-recovered', looked: true, serves: 'other' } },
      'not-deployed',
    ],
    [
      'a layer that could not be verified, though production is well',
      { layers: [{ outcome: 'rolled-back', problem: 'devices were not asked' }] },
      'not-verified',
    ],
    [
      'a layer that could not be verified, and is handed over',
      {
        layers: [{ outcome: 'rolled-back', problem: 'x' }],
        recovery: { outcome: 'unknown', looked: false, isHandedOver: true },
      },
      'not-verified',
    ],
    ['a pull request that waits', { layers: [{ outcome: 'proposed' }] }, 'proposed'],
    [
      'a layer that failed, though production is well',
      { layers: [...back, { outcome: 'failed' }] },
      'partial',
    ],
  ])('%s', (_, more, ending) => {
    expect(endOf(seen(more))).toBe(ending)
  })
})
