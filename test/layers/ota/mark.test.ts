import { expect, test } from '@jest/globals'
import {
  isMarked,
  markPutBack,
  markTakenBack,
  markUndone,
  readIncident,
  readRollout,
  readTakenBack,
} from '../../../src/layers/ota/mark.ts'

test('a mark is added to what people wrote, and read back', () => {
  const marked = markTakenBack({ description: 'Faster checkout', rollout: 100 }, 'production-abc')
  expect(marked).toBe('Faster checkout [rolled back, incident production-abc]')
  expect(readTakenBack(marked)).toBe('production-abc')
  expect(isMarked(marked)).toBe(true)
})

test('a copy of a marked release has its own mark alone', () => {
  const copied = markPutBack('Notes [rollback of v2, incident production-abc]', 'v5', 'production-def')
  expect(copied).toBe('Notes [rollback of v5, incident production-def]')
  const taken = markTakenBack({ description: copied, rollout: undefined }, 'production-xyz')
  expect(taken).toBe('Notes [rolled back, incident production-xyz]')
})

test('a release that only was put on top is not taken back, nor is one that nobody marked', () => {
  expect(readTakenBack(markPutBack('', 'v2', 'production-abc'))).toBeUndefined()
  expect(isMarked('we [rolled back] the price')).toBe(false)
})

test('how far a rollout was is kept while the release is taken back, and when it is offered again', () => {
  const taken = markTakenBack({ description: 'Notes', rollout: 12.5 }, 'production-abc')
  expect(taken).toBe('Notes [rolled back at 12.5 %, incident production-abc]')
  expect({ of: readTakenBack(taken), at: readRollout(taken) }).toEqual({ of: 'production-abc', at: 12.5 })
  const undone = markUndone(taken, 'production-def')
  expect(undone).toBe('Notes [rollback undone at 12.5 %, incident production-def]')
  expect(readTakenBack(undone)).toBeUndefined()
  expect({ of: readIncident(undone), at: readRollout(undone) }).toEqual({ of: 'production-def', at: 12.5 })
})
