/** How far a rollback has come, where an incident is rolled back by the front door and by actions of one layer. */
import { describe, expect, test } from '@jest/globals'
import { type Event, type LayerName, newEvent, type Occurrence } from '../../src/history/event.ts'
import { isUnfinished, readProgress } from '../../src/rollback/record.ts'

const revision = 'b'.repeat(40)
const at = '2026-11-24T03:00:00.000Z'
let nth = 0
function event(what: Occurrence): Event {
  nth += 1
  const about = { incident: 'production-b', environment: 'production', revision, at, actor: 'grace' }
  return newEvent({ ...about, ...what }, [String(nth)])
}
const began = (...layers: (LayerName | 'code>other')[]) =>
  event({
    kind: 'rollback-began',
    layers: layers.map((layer) =>
      layer === 'code>other' ? { layer: 'code', from: 'b', to: 'other' } : { layer, from: 'b', to: 'a' },
    ),
    reason: 'it is down',
    automatic: true,
    startedAt: at,
  })
const ended = (outcome: 'complete' | 'rolled-back' | 'not-deployed' | 'partial', ...layers: LayerName[]) =>
  event({
    kind: 'rollback-ended',
    outcome,
    layers: layers.map((layer) => ({ layer, outcome: 'rolled-back' })),
    phases: {},
  })

describe('a run of one layer', () => {
  test('goes on with what it, or the front door, began of that layer alone', () => {
    const events = [began('code'), ended('not-deployed', 'code')]
    expect(readProgress(events, ['code'])).toMatchObject({ unfinished: { layers: [{ layer: 'code' }] } })
    expect(readProgress(events, ['ota']).unfinished).toBeUndefined()
  })

  test('does not go on with a rollback of more layers than it has', () => {
    const events = [began('database', 'code', 'ota'), ended('partial', 'database', 'code', 'ota')]
    expect(readProgress(events, ['code']).unfinished).toBeUndefined()
    expect(readProgress(events).unfinished).toBeDefined()
  })

  test('records other events than a run of another layer that began at the same time', () => {
    expect(readProgress([], ['code']).runKey).not.toEqual(readProgress([], ['ota']).runKey)
    expect(readProgress([began('code')], ['code']).runKey).toEqual(readProgress([], ['code']).runKey)
    expect(readProgress([began('code'), ended('not-deployed', 'code')], ['code']).runKey).toEqual([
      '1',
      'code',
    ])
  })
})

describe('12: an unfinished rollback of more layers', () => {
  const layersOf = (...given: Parameters<typeof readProgress>) =>
    readProgress(...given).unfinished?.layers.map(({ layer }) => layer)

  test.each<[string, readonly Event[], readonly LayerName[] | undefined]>([
    [
      'once it is complete',
      [began('code', 'ota'), began('code'), ended('complete', 'code')],
      ['code', 'ota'],
    ],
    ['killed itself', [began('code', 'ota'), began('code')], ['code', 'ota']],
    [
      'whose deployment failed',
      [began('code', 'ota'), began('code'), ended('not-deployed', 'code')],
      ['code', 'ota'],
    ],
    [
      'of two that cover it all, complete',
      [
        began('code', 'ota'),
        began('code'),
        ended('complete', 'code'),
        began('ota'),
        ended('complete', 'ota'),
      ],
      undefined,
    ],
    [
      'that it was gone on with after',
      [began('code', 'ota'), began('code'), ended('complete', 'code'), ended('complete', 'code', 'ota')],
      undefined,
    ],
    [
      'killed, that it was gone on with after',
      [began('code', 'ota'), began('code'), ended('complete', 'code', 'ota')],
      undefined,
    ],
    [
      'that took the code elsewhere is not gone on with: what is planned meets the guards',
      [began('code', 'ota'), began('code>other'), ended('complete', 'code')],
      undefined,
    ],
  ])('is not hidden by a later one of fewer, %s', (_, events, expected) => {
    expect(layersOf(events)).toEqual(expected)
  })

  test('leaves what its one layer began to a run of that layer, and to one that is asked for that layer', () => {
    const events = [began('code', 'ota'), ended('partial', 'code', 'ota'), began('code')]
    expect(layersOf(events, ['code'])).toEqual(['code'])
    expect(layersOf(events, undefined, ['code'])).toEqual(['code'])
    expect(layersOf(events, undefined, ['code', 'ota'])).toEqual(['code'])
    expect(readProgress(events).isCarriedOut).toBe(false)
  })
})

describe('a rollback that began and is not over', () => {
  test.each<[string, readonly Event[], readonly LayerName[] | undefined, boolean]>([
    ['counts for its layer', [began('code')], ['code'], true],
    ['counts where any layer is asked for', [began('code')], undefined, true],
    ['does not count for another layer', [began('code')], ['ota'], false],
    ['is over once it is complete', [began('code'), ended('complete', 'code')], ['code'], false],
    ['is over once it is handed over', [began('code'), ended('rolled-back', 'code')], ['code'], false],
    ['is not over when it is not deployed', [began('code'), ended('not-deployed', 'code')], ['code'], true],
    [
      'is not over because another layer is',
      [began('code'), ended('not-deployed', 'code'), began('ota'), ended('complete', 'ota')],
      undefined,
      true,
    ],
    [
      'is over when a later one of the same layer is',
      [began('code', 'ota'), began('code'), ended('complete', 'code')],
      ['code'],
      false,
    ],
  ])('%s', (_, events, layers, expected) => {
    expect(isUnfinished(events, layers)).toBe(expected)
  })
})
