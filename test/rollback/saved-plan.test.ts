import { describe, expect, test } from '@jest/globals'
import { ConflictError, InputError } from '../../src/errors.ts'
import { newEvent } from '../../src/history/event.ts'
import { joinLayers } from '../../src/layers/join-layers.ts'
import { emptyView, type Layer, type LayerPlanView } from '../../src/layers/layer.ts'
import { makeSavedPlan, readSavedPlan, refuseIfMoved } from '../../src/rollback/saved-plan.ts'

const revision = 'b'.repeat(40)
const good = 'a'.repeat(40)
const made = Date.parse('2026-11-25T03:00:00Z')
const incident = 'production-bbbbbbbbbbbb'

const view: LayerPlanView = {
  layer: 'code',
  state: 'pending',
  from: revision,
  to: good,
  foundBy: 'named',
  steps: ['one commit'],
  undone: [{ revision, title: 'Tidy up', author: 'Grace' }],
  losses: [],
  warnings: [],
  needsPerson: [],
  basis: { head: revision },
}

function save(views: readonly LayerPlanView[] = [view]) {
  const { saved, digest } = makeSavedPlan(
    {
      repository: 'octo-org/shop',
      environment: 'production',
      incident,
      revision,
      madeAt: new Date(made).toISOString(),
      expiresAt: new Date(made + 60 * 60 * 1000).toISOString(),
    },
    views,
  )
  const event = newEvent(
    {
      kind: 'rollback-planned',
      incident,
      environment: 'production',
      revision,
      at: new Date(made).toISOString(),
      actor: 'grace',
      plan: digest,
      layers: [{ layer: 'code', from: revision, to: good }],
    },
    [digest],
  )
  return { saved, text: JSON.stringify(saved, null, 2), events: [event] }
}

const read = (text: string, options: Partial<Parameters<typeof readSavedPlan>[1]> = {}) =>
  readSavedPlan(text, {
    path: 'plan.json',
    repository: 'octo-org/shop',
    incident,
    events: save().events,
    at: made + 1000,
    ...options,
  })

test('a plan that was saved is read as it was made', () => {
  const { saved, text } = save()
  expect(read(text)).toEqual(saved)
})

describe('a plan is refused', () => {
  const { text } = save()
  test.each([
    ['that is none', '{"schema":1}', {}, 'is not a plan of this version'],
    ['that is no JSON', 'no', {}, 'is not a plan of this version'],
    [
      'of another repository',
      text,
      { repository: 'octo-org/till' },
      'is of octo-org/shop, and this is octo-org/till',
    ],
    ['of another incident', text, { incident: 'staging-bbbbbbbbbbbb' }, 'is for the incident production-'],
    ['that expired', text, { at: made + 2 * 60 * 60 * 1000 }, 'has expired 1h ago'],
    ['that was edited', text.replace('named', 'chosen'), {}, 'it was edited, or made elsewhere'],
    ['that the history does not know', text, { events: [] }, 'it was edited, or made elsewhere'],
  ])('%s', (_, given, options, message) => {
    expect(() => read(given, options)).toThrow(InputError)
    expect(() => read(given, options)).toThrow(message)
  })

  test('with whatever one character of it was changed', () => {
    for (let at = 0; at < text.length; at += 7) {
      const changed = `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
      expect(() => read(changed)).toThrow(InputError)
    }
  })
})

describe('a plan is held against the world', () => {
  test('that is as it was', () => {
    expect(() => refuseIfMoved(save().saved, [view])).not.toThrow()
  })

  test('in which an earlier run has done a part of it', () => {
    expect(() =>
      refuseIfMoved(save().saved, [{ ...view, state: 'done', basis: { head: 'c' } }]),
    ).not.toThrow()
  })

  test.each([
    [
      'something is there that was not planned on',
      [{ ...view, basis: { ...view.basis, 'another branch': 'c' } }],
      'code: another branch was not there and is c',
    ],
    ['the branch has moved', [{ ...view, basis: { head: 'c' } }], `code: head was ${revision} and is c`],
    ['another revision is the good one', [{ ...view, to: 'd' }], `code: to was ${good} and is d`],
    ['there is nothing to do any more', [], 'code: there is nothing left to roll back'],
    ['another layer is in it', [view, { ...view, layer: 'ota' as const }], 'ota: was not planned'],
  ])('in which %s', (_, now, message) => {
    expect(() => refuseIfMoved(save().saved, now)).toThrow(ConflictError)
    expect(() => refuseIfMoved(save().saved, now)).toThrow(message)
  })
})

describe('all that a layer says in its plan can be saved', () => {
  const part = (more: Partial<LayerPlanView>): Layer => ({
    name: 'config',
    plan: async () => ({
      view: { ...emptyView('config'), from: 'now', to: 'then', ...more },
      apply: () => Promise.reject(new Error('it is only planned')),
    }),
    undo: () => Promise.reject(new Error('it is only planned')),
  })

  test.each([
    ['a part that is left as it is', part({ state: 'nothing', left: 'the variables are as before already' })],
    ['a part that was not seen to hold', part({ state: 'done', unverified: 'app.yml could not be read' })],
    ['a part that takes effect by a deployment', part({ needsDeployment: true })],
  ])('%s', async (_, other) => {
    const joined = joinLayers('config', { folder: part({}), other })
    const { view: both } = await joined.plan()
    const { text, events } = save([both])
    expect(read(text, { events }).layers).toEqual([both])
  })
})
