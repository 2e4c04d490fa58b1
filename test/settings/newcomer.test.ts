/** What people write first, and the answer that they need. */
import { expect, test } from '@jest/globals'
import { problemsOf } from './problems.ts'

const inSecret = (key: string, name: string) =>
  `\`${key}\` must not be written here; put it in a secret and write \`{ env: ${name} }\``

test.each<[string, string, string]>([
  [
    'an age in days without its unit',
    'rollback: { max-age: 7 }',
    '1:22: `max-age` has no unit; write `7d` for days or `7h` for hours',
  ],
  [
    'a time of recovery without its unit',
    "rollback: { objective: '10' }",
    '1:24: `objective` has no unit; write `10m` for minutes, `10s` for seconds or `10h` for hours',
  ],
  [
    'a time for which a plan is valid without its unit',
    'rollback: { plan-valid: 2 }',
    '1:25: `plan-valid` has no unit; write `2h` for hours, `2m` for minutes or `2d` for days',
  ],
  [
    'a database without storage',
    'environment: production\ndatabase:\n  url: { env: DATABASE_URL }\n',
    '2:1: `storage` is missing; write it',
  ],
  [
    'a database without storage in one environment',
    'environments:\n  production:\n    database:\n      url: { env: DATABASE_URL }\n',
    '3:5: `storage` is missing; write it',
  ],
  [
    'the address of a database with its password',
    'database:\n  url: postgres://app:tr0ub4dor@db/shop\n  storage: s3://shop\n',
    `2:8: ${inSecret('url', 'DATABASE_URL')}`,
  ],
  [
    'the address of a database',
    'database:\n  url: sqlite:shop.db\n  storage: s3://shop\n',
    `2:8: ${inSecret('url', 'DATABASE_URL')}`,
  ],
  [
    'the webhook of a channel',
    'notify:\n  channels:\n    chat:\n      type: slack\n      url: "https://hooks.slack.com/services/T0/B0/x"\n',
    `5:12: ${inSecret('url', 'SLACK_WEBHOOK_URL')}`,
  ],
])('%s', (_, text, problem) => {
  expect(problemsOf(text)).toEqual([problem])
})

test('credentials in an address of a section without headers are not sent to headers', () => {
  const text = 'ota: { server-url: "https://app:tr0ub4dor@updates", access-key: { env: A }, channels: [a/b] }'
  const [problem = ''] = problemsOf(text)
  expect(problem).toContain('an address must not hold credentials')
  expect(problem).not.toContain('headers')
})
