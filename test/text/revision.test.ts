import { expect, test } from '@jest/globals'
import { shortRevision } from '../../src/text/revision.ts'

const id = '0eb5d09743eff48cb31c3768530c9558f254f4c1'

test.each([
  ['a revision', id, '0eb5d09'],
  ['a revision with SHA-256', `${id}${'0'.repeat(24)}`, '0eb5d09'],
  ['what the backup before an undoing was made of', `undo-of-${id}`, 'undo-of-0eb5d09'],
  ['a migration', '2_amount', '2_amount'],
  ['a word of hexadecimal digits', 'deadbeef', 'deadbeef'],
])('%s is written short', (_, name, short) => {
  expect(shortRevision(name)).toBe(short)
})
