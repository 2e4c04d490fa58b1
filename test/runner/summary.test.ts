import { expect, test } from '@jest/globals'
import { cutToBytes } from '../../src/runner/summary.ts'

test('a summary that fits is left as it is', () => {
  expect(cutToBytes('# all\n', 100)).toBe('# all\n')
})

test('a summary over the limit is cut at the end of a line and says so, counted in bytes', () => {
  const line = `${'ä'.repeat(40)}\n`
  const cut = cutToBytes(line.repeat(1000), 10_000)
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(10_000)
  expect(cut).toMatch(/ä{40}\n\n_Truncated: GitHub shows at most 1 MiB\._\n$/)
  expect(cut).not.toContain('\uFFFD')
})
