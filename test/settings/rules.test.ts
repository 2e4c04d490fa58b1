import { describe, expect, test } from '@jest/globals'
import { checkProblemsOf, problemsOf } from './problems.ts'

/** One check with a change: the keys given here come instead of those of a good one. */
function check(change: Readonly<Record<string, string>>): string {
  const keys = { name: 'a', type: 'http', url: 'https://example.com', ...change }
  const lines = Object.entries(keys).filter(([, value]) => value !== 'none')
  return lines.map(([key, value], index) => `${index === 0 ? '- ' : '  '}${key}: ${value}\n`).join('')
}

const prometheus = { type: 'prometheus', url: 'http://prometheus:9090', query: 'up' }

describe('a file is refused', () => {
  test.each([
    ['with an unknown key', 'enviroment: x', '1:1: unknown key `enviroment`; did you mean `environment`?'],
    [
      'with a key that is like no other',
      'health: { zzz: 1 }',
      '1:11: unknown key `zzz`; write one of `window`, `interval`, `timeout`, `alpha`, `healthy-early`, `cooldown`, `jitter`, `concurrency`, `checks`, `impact`',
    ],
    [
      'with a misspelt word for what deploys',
      'code: { redeploy: externl }',
      "1:19: `redeploy` can't be `externl`; did you mean `external`?",
    ],
    [
      'with a deployment by a workflow that has no name',
      'code: { redeploy: { timeout: 5m } }',
      '1:9: `workflow` is missing; write it',
    ],
    [
      'with a number for what deploys',
      'code: { redeploy: 5 }',
      '1:19: `redeploy` must be a mapping with the key `workflow`; write `{ workflow: deploy.yml }`, or `external` if something else deploys the restored revision',
    ],
    [
      'with the workflow itself for what deploys, which is not led to `external`',
      'code: { redeploy: release.yml }',
      "1:19: `redeploy` can't be `release.yml`; write `{ workflow: release.yml }`, or `external` if something else deploys the restored revision",
    ],
    [
      'with a word for what deploys that is like no other',
      'code: { redeploy: "yes" }',
      "1:19: `redeploy` can't be `yes`; write `{ workflow: deploy.yml }`, or `external` if something else deploys the restored revision",
    ],
    [
      'with a list for what deploys',
      'code: { redeploy: [deploy.yml] }',
      '1:19: `redeploy` must be a mapping with the key `workflow`; write `{ workflow: deploy.yml }`, or `external` if something else deploys the restored revision',
    ],
    ['with a key of one level down', 'checks: []', '1:1: unknown key `checks`; it belongs under `health`'],
    [
      'with a merge key that has nothing to merge',
      'health:\n  <<: 5',
      '2:7: the merge key `<<` needs a mapping; write an alias of one, such as `<<: *defaults`, or a list of such aliases',
    ],
    [
      'with a key without value',
      'health:\n  window:\n',
      '2:3: `window` has no value; write one, or remove the line',
    ],
    [
      'with a list for a mapping',
      'health: []',
      '1:9: `health` must be a mapping; write keys and values, such as `key: value`',
    ],
    [
      'that is a list as a whole',
      '- a',
      '1:1: the whole text must be a mapping; write keys and values, such as `key: value`',
    ],
    [
      'with a number for a text',
      'environment: 5',
      "1:14: `environment` must be a text; write it in quotes: `'5'`",
    ],
    [
      'without the name of an environment',
      'environment: ""',
      '1:14: `environment` is empty; write a name such as `production`',
    ],
    [
      'with an absolute folder of migrations',
      'database: { url: { env: DATABASE_URL }, storage: b, migrations: /srv/db }',
      '1:65: `migrations` starts with a slash; write `srv/db`',
    ],
    [
      'with a folder of migrations outside of the repository',
      'database: { url: { env: DATABASE_URL }, storage: b, migrations: ../db }',
      '1:65: `migrations` is not a plain path; write it from the top of the repository, such as `apps/web`',
    ],
    [
      'with a bare number for a duration',
      'health: { window: 300 }',
      '1:19: `window` has no unit; write `300s` for seconds, `300m` for minutes or `300ms` for milliseconds',
    ],
    [
      'with a duration nobody can read',
      'health: { window: 1h30m }',
      '1:19: `window` must be a whole number of one unit; write `90m`',
    ],
    [
      'with a window over six hours',
      'health: { window: 7h }',
      '1:19: `window` is too long; write at most `6h`',
    ],
    [
      'with an interval under 100 ms',
      'health: { interval: 99ms }',
      '1:21: `interval` is too short; write at least `100ms`',
    ],
    [
      'with an interval longer than the window',
      'health: { interval: 6m }',
      '1:21: `interval` is longer than the window; write at most `5m`, or a longer `window`',
    ],
    [
      'with a timeout longer than the window',
      'health: { window: 30s, timeout: 31s }',
      '1:33: `timeout` is longer than the window; write at most `30s`, or a longer `window`',
    ],
    [
      'with a breach that must last longer than the window',
      `health:\n  checks:\n    - { name: a, type: http, url: 'http://a', for: 6m }`,
      '3:52: `for` is longer than the window; write at most `5m`, or a longer `window`',
    ],
    [
      'with the history on the branch that is deployed',
      'branch: main\nhistory: { branch: main }',
      "2:20: `branch` can't be kept beside the `branch` that is deployed; write another, such as `rollback-history`",
    ],
    [
      'with the history in a folder of the branch that is deployed',
      'branch: main\nhistory: { branch: main/history }',
      "2:20: `branch` can't be kept beside the `branch` that is deployed; write another, such as `rollback-history`",
    ],
    [
      'with an assignee that is no login',
      'postmortem: { assignees: ["@octocat"] }',
      '1:27: `assignees[0]` is not a login; write it without @, such as `octocat`',
    ],
    [
      'with an empty label',
      'postmortem: { labels: [a, " "] }',
      '1:27: `labels[1]` is empty; write the name of a label',
    ],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test.each([
    ['refs/heads/main', 'is a full ref; write the name of the branch alone, such as `main`'],
    ['a b', 'is not a branch name: it holds a space or control character; write a name such as `main`'],
    ['a..b', 'is not a branch name: it holds `..` or `@{`; write a name such as `main`'],
    ['-a', 'is not a branch name: it starts with a dash; write a name such as `main`'],
    ['a/.b', 'is not a branch name: a part of it starts with a dot; write a name such as `main`'],
    ['a.lock/b', 'is not a branch name: it ends with `.` or `.lock`; write a name such as `main`'],
    ['a//b', 'is not a branch name: it has a slash too many; write a name such as `main`'],
    ['a^b', 'is not a branch name: it holds one of ~ ^ : ? * [ \\; write a name such as `main`'],
    ['HEAD', 'is not a branch name: git keeps this name for itself; write a name such as `main`'],
    ['', 'is empty; write the name of a branch, such as `main`'],
  ])('with a branch that git would not take: %j', (name, problem) => {
    expect(problemsOf(`branch: "${name}"`)).toEqual([`1:9: \`branch\` ${problem}`])
  })

  test('without guessing from a window that is wrong itself', () => {
    expect(problemsOf('health: { window: 5, interval: 1s }')).toHaveLength(1)
  })

  test('for all that is wrong with it at once, from top to bottom', () => {
    expect(problemsOf('foo: 1\nbranch: -x\nhealth:\n  windo: 5m\n  interval: 5\n  checks: [1]')).toEqual([
      '1:1: unknown key `foo`; write one of `environment`, `environments`, `branch`, `paths`, `history`, `health`, `env`, `rollback`, `code`, `database`, `ota`, `config`, `flags`, `incident`, `notify`, `postmortem`',
      '2:9: `branch` is not a branch name: it starts with a dash; write a name such as `main`',
      '4:3: unknown key `windo`; did you mean `window`?',
      '5:13: `interval` has no unit; write `5s` for seconds, `5m` for minutes or `5ms` for milliseconds',
      '6:12: `checks[0]` must be a mapping; write keys and values, such as `key: value`',
    ])
  })

  test('with ten problems at most, and how many are left', () => {
    const text = Array.from({ length: 13 }, (_, index) => `key-${index}: 1`).join('\n')
    const problems = problemsOf(text)
    expect(problems).toHaveLength(11)
    expect(problems.at(-1)).toBe(' and 3 more problems; fix these first')
  })
})

describe('a check is refused', () => {
  test.each([
    [
      'without a type',
      check({ type: 'none' }),
      [
        '1:3: `type` is missing; write one of `http`, `prometheus`, `tcp`, `command`, `json`, `datadog`, `newrelic`, `sentry`, `codepush`, `github`',
      ],
    ],
    ['of an unknown type', check({ type: 'htp' }), ["2:9: `type` can't be `htp`; did you mean `http`?"]],
    [
      'of a type that is like no other',
      check({ type: 'x' }),
      [
        "2:9: `type` can't be `x`; write one of `http`, `prometheus`, `tcp`, `command`, `json`, `datadog`, `newrelic`, `sentry`, `codepush`, `github`",
      ],
    ],
    [
      'without a name',
      check({ name: 'none' }),
      ['1:3: `name` is missing; name the check, such as `homepage`'],
    ],
    [
      'with a name of other letters',
      check({ name: 'Home_page' }),
      [
        '1:9: `name` must consist of lowercase letters, digits and dashes; write a name such as `error-rate-eu`',
      ],
    ],
    [
      'with a long name',
      check({ name: 'a'.repeat(61) }),
      ['1:9: `name` is too long; write at most 60 characters'],
    ],
    [
      'with the name of another',
      check({}) + check({}),
      ['4:9: `name` is taken by a check above; give each its own name'],
    ],
    [
      'without an address',
      check({ url: 'none' }),
      ['1:3: `url` is missing; write an address, such as `https://example.com/healthz`'],
    ],
    [
      'with an address without scheme',
      check({ url: 'example.com' }),
      [
        '3:8: `url` is not an address with http or https; write it in full, such as `https://example.com/healthz`',
      ],
    ],
    [
      'with an address that is none',
      check({ url: 'https://a:b' }),
      ["3:8: `url` can't be read as an address; write it as `https://example.com/healthz`"],
    ],
    [
      'with a misspelt metric',
      check({ metric: 'errorRate' }),
      ["4:11: `metric` can't be `errorRate`; did you mean `error-rate`?"],
    ],
    [
      'over HTTP for what no probe can see',
      check({ metric: 'cpu' }),
      ["4:11: `metric` can't be `cpu`, which no probe can see; ask for it with `type: prometheus`"],
    ],
    [
      'with a misspelt severity',
      check({ severity: 'critcal' }),
      ["4:13: `severity` can't be `critcal`; did you mean `critical`?"],
    ],
    [
      'with percent for a ratio',
      check({ max: '5' }),
      ['4:8: `max` must be a ratio from 0 to 1; write `0.05` for 5 %'],
    ],
    [
      'with a percent sign',
      check({ max: '5%' }),
      ['4:8: `max` must be a number without a sign; write `0.05` for 5 %'],
    ],
    [
      'with a negative ratio',
      check({ min: '-1' }),
      ['4:8: `min` must be a ratio from 0 to 1; write for example `0.05` for 5 %'],
    ],
    [
      'with a number in quotes',
      check({ max: '"0.05"' }),
      ['4:8: `max` must be a number; write `0.05` without quotes'],
    ],
    [
      'with a duration for a response time',
      check({ metric: 'response-time', max: '5s' }),
      ['5:8: `max` must be a number; write `5000`, in milliseconds'],
    ],
    [
      'with a number that is none',
      check({ max: '.nan' }),
      ['4:8: `max` must be a number; write one such as `0.05`'],
    ],
    [
      'with an endless number',
      check({ max: '.inf' }),
      ['4:8: `max` must be a number; write one such as `0.05`'],
    ],
    [
      'with `equals` beside another limit',
      check({ equals: '0', max: '1' }),
      ['4:11: `equals` cannot be combined with `max` or `min`; remove it, or remove these'],
    ],
    [
      'with limits that leave nothing good',
      check({ min: '0.5', max: '0.1' }),
      ['4:8: `min` is above `max`, so no value can pass; swap them'],
    ],
    [
      'with the query of another type',
      check({ query: 'up' }),
      ['4:3: unknown key `query`; only a check of `type: prometheus` has it'],
    ],
    [
      'with an expectation for a query',
      check({ ...prometheus, metric: 'cpu', expect: '{}' }),
      ['6:3: unknown key `expect`; only a check of `type: http` has it'],
    ],
    [
      'without a query for Prometheus',
      check({ ...prometheus, metric: 'cpu', query: 'none' }),
      ['1:3: `query` is missing; write the PromQL that gives one value, or the counters `bad` and `total`'],
    ],
    [
      'for Prometheus without metric, limit and severity',
      check(prometheus),
      [
        '1:3: item 1 has no limit; write `max`, `min` or `equals`, or a `metric` that brings one',
        '1:3: item 1 has no severity; write `severity` as critical, high, medium, low, or a `metric` that brings one',
      ],
    ],
    [
      'with one status that is no list',
      check({ expect: '{ status: 200 }' }),
      ['4:21: `status` must be a list; write `[200]`'],
    ],
    [
      'with a status that is none',
      check({ expect: '{ status: [20] }' }),
      ['4:22: `status[0]` must be a status from 100 to 599'],
    ],
    [
      'with no status',
      check({ expect: '{ status: [] }' }),
      ['4:21: `status` is empty; write the statuses, such as `[200]`, or remove the key'],
    ],
    [
      'with a misspelt expectation',
      check({ expect: '{ max_latency: 1s }' }),
      ['4:13: unknown key `max_latency`; did you mean `max-latency`?'],
    ],
    [
      'with a header that has no name',
      check({ headers: '{ "a b": c }' }),
      ['4:14: `a b` is not the name of a header; write one such as `accept`'],
    ],
    [
      'with a header that is a number',
      check({ headers: '{ a: 5 }' }),
      ['4:17: `a` must be a text or `{ env: NAME }`; write a text in quotes'],
    ],
    [
      'with a header on two lines',
      check({ headers: '{ a: "b\\nc: d" }' }),
      ['4:17: `a` holds a line break or control character; write one line'],
    ],
    [
      'with a header that is there twice',
      check({ headers: '{ accept: a, Accept: b }' }),
      ['4:33: `Accept` is there twice; upper and lower case are the same'],
    ],
    [
      'with a variable that has no name',
      check({ headers: '{ accept: { env: "a-b" } }' }),
      ['4:29: `env` is not the name of an environment variable; write one such as `HEALTH_TOKEN`'],
    ],
    [
      'with a misspelt reference to a variable',
      check({ headers: '{ accept: { evn: A } }' }),
      ['4:14: `env` is missing; write `{ env: NAME }`', '4:24: unknown key `evn`; did you mean `env`?'],
    ],
  ])('%s', (_, text, problems) => {
    expect(checkProblemsOf(text)).toEqual(problems)
  })
})
