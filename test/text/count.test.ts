import { expect, test } from '@jest/globals'
import { count } from '../../src/text/count.ts'

test.each([
  [0, 'row', undefined, '0 rows'],
  [1, 'row', undefined, '1 row'],
  [2, 'row', undefined, '2 rows'],
  [1, 'try', 'tries', '1 try'],
  [3, 'try', 'tries', '3 tries'],
] as const)('%d %s (%s) is written "%s"', (n, one, many, written) => {
  expect(count(n, one, many)).toBe(written)
})
