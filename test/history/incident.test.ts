import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { incidentId } from '../../src/history/incident.ts'

const revision = '3f2a9c1b7d043f2a9c1b7d043f2a9c1b7d043f2a'

test('an incident is named after the environment and the failed revision', () => {
  expect(incidentId({ environment: 'production', revision })).toBe('production-3f2a9c1b7d04')
})

test('two environments never share an incident, even when their names look alike', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      fc.pre(one !== other)
      expect(incidentId({ environment: one, revision })).not.toBe(
        incidentId({ environment: other, revision }),
      )
    }),
  )
})

test('whatever an environment is called, the id is safe in a ref, a file name and a hidden marker', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (environment) => {
      expect(incidentId({ environment, revision })).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    }),
  )
})
