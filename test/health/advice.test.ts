import { expect, test } from '@jest/globals'
import { adviseOnce, firstPassAdvice } from '../../src/health/advice.ts'

test('the advice on a check that has never passed is printed once, however many lines and checks have it', () => {
  const lines: string[] = []
  const log = adviseOnce((line) => lines.push(line))
  const failed = (count: number) =>
    `${count} of 3 probes failed, and this check has never passed in this environment`
  log('home ok')
  log(`home ${failed(1)}${firstPassAdvice} | cart ${failed(2)}${firstPassAdvice}`)
  log(`home ${failed(3)}${firstPassAdvice}`)
  expect(lines).toEqual([
    'home ok',
    `home ${failed(1)}${firstPassAdvice} | cart ${failed(2)}`,
    `home ${failed(3)}`,
  ])
})
