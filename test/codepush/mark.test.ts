import { expect, test } from '@jest/globals'
import { isMarked, markPutBack, markTakenBack, readTakenBack } from '../../src/codepush/mark.ts'

test('a mark is added to what people wrote, and read back', () => {
  const marked = markTakenBack('Faster checkout', 'production-abc')
  expect(marked).toBe('Faster checkout [rolled back, incident production-abc]')
  expect(readTakenBack(marked)).toBe('production-abc')
  expect(isMarked(marked)).toBe(true)
})

test('a copy of a marked release has its own mark alone', () => {
  const copied = markPutBack('Notes [rollback of v2, incident production-abc]', 'v5', 'production-def')
  expect(copied).toBe('Notes [rollback of v5, incident production-def]')
  expect(markTakenBack(copied, 'production-xyz')).toBe('Notes [rolled back, incident production-xyz]')
})

test('a release that only was put on top is not taken back, nor is one that nobody marked', () => {
  expect(readTakenBack(markPutBack('', 'v2', 'production-abc'))).toBeUndefined()
  expect(isMarked('we [rolled back] the price')).toBe(false)
})
