import { describe, expect, test } from '@jest/globals'
import { parseChecks } from '../../src/settings/parse.ts'
import { parseConfig } from '../support/parse-config.ts'
import { example } from './example.ts'
import { problemsOf, refusalOf } from './problems.ts'

describe('the message of a refusal', () => {
  test('shows where an unknown key stands and which one was meant', () => {
    expect(refusalOf(example.replace('interval:', 'intervall:'))).toMatchInlineSnapshot(`
"rollback.yml:8:3: unknown key \`intervall\`; did you mean \`interval\`?

   6 | health:
   7 |   window: 10m
>  8 |   intervall: 20s
     |   ^^^^^^^^^
   9 |   timeout: 5s
  10 |   cooldown: 1h"
`)
  })

  test('shows a wrong value and what to write instead', () => {
    expect(refusalOf(example.replace('max: 0.1', 'max: 5'))).toMatchInlineSnapshot(`
"rollback.yml:17:12: \`max\` must be a ratio from 0 to 1; write \`0.05\` for 5 %

  15 |       metric: error-rate
  16 |       severity: critical
> 17 |       max: 5
     |            ^
  18 |       for: 30s
  19 |       expect: { status: [200, 204], body: ok, max-latency: 800ms }"
`)
  })

  test('points at what a missing key is missing from', () => {
    expect(refusalOf(example.replace(/ +query:.*\n/, ''))).toMatchInlineSnapshot(`
"rollback.yml:21:7: \`query\` is missing; write the PromQL that gives one value, or the counters \`bad\` and \`total\`

  19 |       expect: { status: [200, 204], body: ok, max-latency: 800ms }
  20 |       headers: { accept: text/html, authorization: { env: HEALTH_TOKEN } }
> 21 |     - name: errors
     |       ^
  22 |       type: prometheus
  23 |       url: http://prometheus:9090"
`)
  })

  test('tells all problems of a file in one go', () => {
    const text = example
      .replace('branch: main', 'branch: ma in')
      .replace('metric: error-rate\n      severity', 'metric: error-rte\n      severity')
    expect(refusalOf(text)).toMatchInlineSnapshot(`
"rollback.yml:3:9: \`branch\` is not a branch name: it holds a space or control character; write a name such as \`main\`

  1 | # yaml-language-server: $schema=https://example.com/rollback.schema.json
  2 | environment: production
> 3 | branch: ma in
    |         ^^^^^
  4 | history:
  5 |   branch: rollback-history

rollback.yml:15:15: \`metric\` can't be \`error-rte\`; did you mean \`error-rate\`?

  13 |       type: http
  14 |       url: https://example.com/healthz
> 15 |       metric: error-rte
     |               ^^^^^^^^^
  16 |       severity: critical
  17 |       max: 0.1"
`)
  })

  test('tells keys that are there twice together with the rest', () => {
    expect(refusalOf('branch: main\nbranch: dev\nfoo: 1\n')).toMatchInlineSnapshot(`
"rollback.yml:2:1: this key is there twice; remove one

  1 | branch: main
> 2 | branch: dev
    | ^
  3 | foo: 1

rollback.yml:3:1: unknown key \`foo\`; write one of \`environment\`, \`environments\`, \`branch\`, \`paths\`, \`history\`, \`health\`, \`env\`, \`rollback\`, \`code\`, \`database\`, \`ota\`, \`config\`, \`flags\`, \`incident\`, \`notify\`, \`postmortem\`

  1 | branch: main
  2 | branch: dev
> 3 | foo: 1
    | ^^^"
`)
  })

  test('shows where the text stops being YAML', () => {
    expect(refusalOf('health:\n  checks: [\n    { name: a }\nbranch: main\n')).toMatchInlineSnapshot(`
"rollback.yml:4:1: the indentation does not fit the lines above; indent keys of one mapping alike, with spaces

  2 |   checks: [
  3 |     { name: a }
> 4 | branch: main
    | ^"
`)
  })

  test('explains tabs', () => {
    expect(refusalOf('health:\n\twindow: 5m\n')).toMatchInlineSnapshot(`
"rollback.yml:2:1: a tab in the indentation; YAML takes spaces only: replace it with two spaces

  1 | health:
> 2 | 	window: 5m
    | ^"
`)
  })

  test('shows a piece of a line that is too long to show', () => {
    expect(
      refusalOf(`health: { ${' '.repeat(400)}window: 5, ${' '.repeat(400)}interval: 1s }`),
    ).toMatchInlineSnapshot(`
"rollback.yml:1:419: \`window\` has no unit; write \`5s\` for seconds, \`5m\` for minutes or \`5ms\` for milliseconds

> 1 |                                window: 5,                                                                                                                       
    |                                        ^"
`)
  })

  test('calls an input by its name', () => {
    expect(() => parseChecks({ text: '- 5', file: 'input "checks"' })).toThrow(
      'input "checks":1:3: item 1 must be a mapping',
    )
  })

  test('cannot rewrite the log it is printed to', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
    expect(refusalOf('"\\e[2Ja\x1b[2J\r": 1\n# \x1b[2J\n')).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
  })
})

describe('a text that is not YAML is refused', () => {
  test.each([
    [
      'with an open quote',
      'branch: "main',
      '1:14: a closing quote or bracket, a comma or a `:` is missing here; add it',
    ],
    [
      'with two keys on a line',
      'health: window: 5m',
      '1:9: a second `: ` on one line; put the value in quotes, or the inner key on its own line',
    ],
    [
      'with a login that starts with @',
      'postmortem:\n  assignees:\n    - @octocat',
      "3:7: a text without quotes can't start with `@`; write it in quotes, and a login without the `@`",
    ],
    [
      'with a second document',
      'branch: main\n---\nbranch: dev',
      '2:1: a second document starts here; keep one, without `---` between',
    ],
    [
      'with a tag',
      'branch: !env main',
      '1:9: this tag (`!…`) is not understood; remove it, or put the text in quotes',
    ],
    [
      'with an alias of nothing',
      'branch: *main',
      '1:9: this alias has no anchor above it; write the value itself',
    ],
    ['with a list as a key', '? [a]\n: b', '1:3: a key must be a text; write it in quotes'],
    [
      'with a thousand brackets',
      '['.repeat(5_000),
      expect.stringMatching(/: this is nested too deeply to be read; write it flat$/),
    ],
    [
      'with aliases of aliases of aliases',
      'a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c]\ne: [*d, *d, *d]',
      '1:1: aliases (`*name`) stand for more than 100 copies; write the values out',
    ],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('with no more than the first thing that does not fit, as the rest follows from it', () => {
    expect(problemsOf('health: [{ a: 1\n b\nbranch: "x\n')).toHaveLength(1)
  })

  test('and larger than any configuration', () => {
    expect(() => parseConfig({ text: `# ${'x'.repeat(256 * 1024)}`, file: 'rollback.yml' })).toThrow(
      'rollback.yml has 257 KiB; a configuration has at most 256 KiB: make it shorter',
    )
  })
})
