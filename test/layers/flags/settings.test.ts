import { expect, test } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import { parseConfig } from '../../../src/settings/parse.ts'

const parse = (section: string) => parseConfig({ file: 'rollback.yml', text: `flags:\n${section}` })
const messageOf = (section: string) => {
  try {
    parse(section)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return ''
}

test.each([
  ['  service: unleash\n  disable: [a]\n', '`url` is missing; `service: unleash` needs it'],
  [
    '  service: flagd\n  file: a.json\n  url: https://x.example\n  disable: [a]\n',
    '`url` is not for `service: flagd`; leave it out',
  ],
  [
    '  service: flagd\n  file: a.json\n',
    '`storage` is missing; write the folder of the backups, or flags to switch off in `disable`',
  ],
  [
    '  service: http\n  url: https://x.example\n  disable: [a]\n',
    '`list` is missing; `service: http` needs it',
  ],
  ['  service: posthog\n  disable: [a]\n', '`service`'],
])('%j is an error that says what to write', (section, said) => {
  expect(messageOf(section)).toContain(said)
})

test('a file of flagd and the flags to switch off are enough', () => {
  expect(parse('  service: flagd\n  file: flags.json\n  disable: [checkout]\n').flags).toMatchObject({
    service: 'flagd',
    disable: ['checkout'],
  })
})
