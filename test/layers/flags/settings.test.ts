import { expect, test } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import { parseConfig } from '../../support/parse-config.ts'

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
  [
    '  service: launchdarkly\n  token: { env: T }\n  project: p\n  environment: e\n  disable: [a]\n  client: { url: https://x.example }\n',
    '`key` is missing; the client of `service: launchdarkly` needs it',
  ],
  [
    '  service: growthbook\n  token: { env: T }\n  environment: e\n  disable: [a]\n  client: { key: { env: K }, path: /x }\n',
    '`path` is not for the client of `service: growthbook`; leave it out',
  ],
  [
    '  service: flagd\n  file: a.json\n  disable: [a]\n  client: { path: /x }\n',
    '`client` is not for `service: flagd`; leave it out',
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
