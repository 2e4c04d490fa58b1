/** A rehearsal takes back what an earlier one left rolled back, and nothing else. */
import { describe, expect, test } from '@jest/globals'
import { emptyView, type LayerPlanView } from '../../src/layers/layer.ts'
import { wasFailing } from '../../src/rollback/assessment.ts'
import { demandEndable, demandNoneInForce } from '../../src/rollback/rehearse.ts'
import { applied, at, began, ended } from '../incident/example.ts'

const rehearsed = { ...began, rehearsal: true } as typeof began
const undone = { kind: 'rollback-undone', layer: 'code', from: 'd', now: 'e', because: 'errors' } as const

describe('a rehearsal', () => {
  test.each([
    ['a rehearsal that was killed', [at(1, rehearsed), at(2, applied)]],
    ['a real rollback that failed', [at(1, began), at(2, ended('failed'))]],
  ])('may follow %s', (_, events) => {
    expect(() => demandNoneInForce(events)).not.toThrow()
  })

  test.each([
    ['a real rollback', [at(1, began), at(2, applied), at(3, ended())]],
    ['a real rollback that was killed', [at(1, began), at(2, applied)]],
    [
      'a real rollback that found done what a killed rehearsal had left',
      [at(1, rehearsed), at(2, applied), at(3, began), at(4, ended())],
    ],
    [
      'a real rollback, and a rehearsal since',
      [at(1, began), at(2, applied), at(3, ended()), at(4, rehearsed)],
    ],
  ])('is refused after %s', (_, events) => {
    expect(() => demandNoneInForce(events)).toThrow('is in force (code)')
  })

  test('may follow a real rollback that was taken back', () => {
    const events = [at(1, began), at(2, applied), at(3, ended()), at(4, undone)]
    expect(() => demandNoneInForce(events)).not.toThrow()
  })
})

test('what a rehearsal saw does not make production failing in a real rollback of the same revision', () => {
  const saw = { kind: 'recovery-verified', outcome: 'not-recovered', because: 'errors' } as const
  const looked = { ...saw, startedAt: '2026-11-24T03:00:00.000Z' }
  expect(wasFailing([at(1, rehearsed), at(2, looked)])).toBe(false)
  expect(wasFailing([at(1, began), at(2, looked)])).toBe(true)
})

describe('without a workflow that deploys, a rehearsal', () => {
  const demand = (view: LayerPlanView) => {
    const apply = () => Promise.reject(new Error('it is not begun'))
    const layer = { name: view.layer, plan: async () => ({ view, apply }), undo: apply }
    const plan = { layers: [{ layer, plan: { view, apply } }], left: [] }
    const production = { canVerify: true, unseen: '' }
    return () => demandEndable(plan, { production, deployer: undefined })
  }

  test.each(['code', 'config'] as const)('of a commit of the layer %s is not begun', (layer) => {
    expect(demand({ ...emptyView(layer), needsDeployment: true })).toThrow(
      'a rehearsal deploys the restored revision',
    )
  })

  test('of what takes effect by itself is begun', () => {
    expect(demand(emptyView('config'))).not.toThrow()
    expect(demand({ ...emptyView('code'), state: 'done', needsDeployment: true })).not.toThrow()
  })
})
