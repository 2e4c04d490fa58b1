/** 18, done-line 5: jobs that append to one history at once lose nothing and write nothing twice. `npm run bench -- writers` has 500. */
import { expect, test } from '@jest/globals'
import { appendAtOnce } from '../support/many-writers.ts'

test('fifty jobs at once, of a history that is not there yet: each event is there once, by a bounded number of requests', async () => {
  const { failed, stored, requests } = await appendAtOnce(50)
  expect(failed).toEqual([])
  expect(stored).toEqual(Array.from({ length: 50 }, (_, n) => n))
  // a try is one request, and three more where the branch has to be made
  expect(requests).toBeLessThanOrEqual(50 * 24 * 4)
})
