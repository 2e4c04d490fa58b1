import { expect, test } from '@jest/globals'
import { redact } from '../../src/text/redact.ts'
import { findRefusalOf, problemsOf, refusalOf } from '../settings/problems.ts'

test.each([
  [
    'the address of a webhook itself',
    'notify: { channels: { chat: { type: slack, url: "https://hooks.slack.com/services/T0/B0/x" } } }',
    /`url` must not be written here; put it in a secret and write `\{ env: SLACK_WEBHOOK_URL \}`/,
  ],
  [
    'a token itself',
    'notify: { channels: { chat: { type: slack-bot, channel: C0123456789, token: xoxb-1234567890-abc } } }',
    /`token` must not be written here; put it in a secret and write `\{ env: SLACK_BOT_TOKEN \}`/,
  ],
  ['a type that there is not', 'notify: { channels: { chat: { type: slak } } }', /did you mean `slack`/],
  [
    'a channel of a level that there is not',
    'notify: { channels: { pager: { type: pagerduty, routing-key: { env: KEY } } } }\nincident: { levels: [{ channels: [pagr] }] }',
    /is not among `notify.channels`; did you mean `pager`/,
  ],
  [
    'a placeholder that stands for nothing',
    'incident: { links: { Dashboard: "https://grafana.example.com/?env={enviroment}" } }',
    /contains `\{enviroment\}`, which is not a placeholder; write one of `\{incident\}`, `\{environment\}`/,
  ],
  [
    'the name of a status page in the place of its id',
    'notify: { channels: { page: { type: statuspage, page: status.example.com, token: { env: X } } } }',
    /is not the id of a page; write one such as `qfn30z5r6s5h`/,
  ],
  [
    'telemetry without a signal',
    'notify: { channels: { otel: { type: opentelemetry, url: "https://otlp.example.com", signals: [] } } }',
    /is empty; write `traces`, `metrics`, or both/,
  ],
  [
    'a login with an @',
    'incident: { levels: [{ people: ["@ada"] }] }',
    /write `octocat` or `octo-org\/sre`, without @/,
  ],
  [
    'a time zone that there is not',
    'notify: { channels: { chat: { type: slack, url: { env: X }, quiet-hours: { from: "22:00", to: "07:00", zone: Berlin } } } }',
    /`zone` is not a time zone/,
  ],
  [
    'a deadline without a unit',
    'incident: { respond: { critical: 15 } }',
    /write `15s` for seconds, `15m` for minutes/,
  ],
  [
    'an event that CDEvents has no word for',
    'notify: { channels: { tools: { type: cdevents, url: { env: X }, events: [note] } } }',
    /can't be `note`/,
  ],
  [
    'mentions of a level that there is not',
    'notify: { channels: { chat: { type: slack, url: { env: X }, mentions: { 1: [U0123456789], 2: [S0123456789] } } } }',
    /`2` is not a level: `incident.levels` has 1; write a level there, or leave the key out/,
  ],
  [
    'a name in the place of an id to mention',
    'notify: { channels: { chat: { type: slack, url: { env: X }, mentions: { 1: ["@grace"] } } } }',
    /is not the id of a user or a user group of Slack; write one such as `U0123456789`/,
  ],
  [
    'rehearsals on a status page',
    'notify: { channels: { page: { type: instatus, page: ckf01fonve9i40a32oas5b0uw, token: { env: X }, rehearsals: true } } }',
    /rehearsals/,
  ],
])('settings with %s are refused, and say what to write', (_, text, expected) => {
  const problems = problemsOf(text)
  expect(String(problems)).toMatch(expected)
  expect(String(problems)).not.toMatch(/xoxb-1234567890|services\/T0/)
})

test('mentions are written by level, with the number of the level as the key', () => {
  const settings =
    'notify: { channels: { chat: { type: slack, url: { env: X }, mentions: { 1: [U0123456789] } } } }'
  expect(findRefusalOf(settings)).toBeUndefined()
})

test.each([
  'https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop',
  'https://discord.com/api/webhooks/1234567890/abcdefghij_klmnop-qrst',
  'https://prod-1.westus.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=abcdefghij',
])('the address of a webhook is shown nowhere, also where it is written by mistake: %s', (url) => {
  const secret = url.slice(-9)
  expect(redact(`POST ${url} failed`)).not.toContain(secret)
  const text = `notify: { channels: { chat: { type: slack, url: "${url}" } } }`
  expect(refusalOf(text)).not.toContain(secret)
})
