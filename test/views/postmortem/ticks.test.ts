import { expect, test } from '@jest/globals'
import { keepTicks } from '../../../src/views/postmortem/ticks.ts'

test('a box that a person ticked stays ticked when the section is written anew', () => {
  const old = '- [x] Fix the cause\n- [X] Inform the users\r\n- [ ] Acknowledge\n'
  const section =
    '- [ ] Fix the cause\n- [ ] Inform the users\n- [ ] Acknowledge\n- [x] Roll back code: at ddddddd\n'
  expect(keepTicks(section, old)).toBe(
    '- [x] Fix the cause\n- [x] Inform the users\n- [ ] Acknowledge\n- [x] Roll back code: at ddddddd\n',
  )
})

test('a tick of the history, with its evidence, goes when what it says does not hold any more', () => {
  expect(keepTicks('- [ ] Roll back code\n', '- [x] Roll back code: at ddddddd since 03:02 UTC\n')).toBe(
    '- [ ] Roll back code\n',
  )
})
