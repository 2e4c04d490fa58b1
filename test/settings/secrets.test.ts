import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { maskLines } from '../../src/settings/secrets.ts'
import { looksLikeSecretName } from '../../src/text/secret-name.ts'
import { example } from './example.ts'
import { findRefusalOf, problemsOf, refusalOf } from './problems.ts'

const canary = 'Tr0ub4dor-canary'

/** A check with these lines below `headers`. */
function withHeaders(...lines: readonly string[]): string {
  const check = [
    'health:',
    '  checks:',
    '    - name: a',
    '      type: http',
    '      url: https://example.com',
    '      headers:',
  ]
  return [...check, ...lines.map((line) => `        ${line}`), ''].join('\n')
}

describe('a secret in the file is refused', () => {
  test('with where to put it', () => {
    expect(
      refusalOf(withHeaders('accept: text/html', `authorization: Bearer ${canary}`)),
    ).toMatchInlineSnapshot(`
"rollback.yml:8:24: \`authorization\` must not be written here; put it in a secret and write \`{ env: NAME }\`

  6 |       headers:
  7 |         accept: text/html
> 8 |         authorization: ***
    |                        ^"
`)
  })

  test.each([
    'Authorization',
    'proxy-authorization',
    'x-auth-token',
    'PRIVATE-TOKEN',
    'cookie',
    'x-api-key',
    'apikey',
    'x-functions-key',
    'DD-APPLICATION-KEY',
    'password',
    'client_secret',
    'x-session-id',
  ])('in the header %s', (name) => {
    expect(problemsOf(withHeaders(`${name}: ${canary}`))).toEqual([
      expect.stringContaining(
        `\`${name}\` must not be written here; put it in a secret and write \`{ env: NAME }\``,
      ),
    ])
  })

  test.each(['accept', 'user-agent', 'x-author', 'content-type', 'x-scope-orgid', 'host'])(
    'but not in the header %s',
    (name) => {
      expect(looksLikeSecretName(name)).toBe(false)
    },
  )

  test('in a header that looks harmless', () => {
    expect(problemsOf(withHeaders(`accept: ghp_${'a1'.repeat(18)}`))).toEqual([
      '7:17: this looks like a secret; put it in one and write `{ env: NAME }`',
    ])
  })

  test('where the name of a variable should be', () => {
    expect(problemsOf(withHeaders(`authorization: { env: ghp_${'a1'.repeat(18)} }`))).toEqual([
      '7:31: `env` is itself a secret; write the name of the variable that holds it',
    ])
  })

  test.each([`https://user:${canary}@example.com`, `https://${canary}@example.com`])(
    'in an address: %s',
    (url) => {
      const text = withHeaders('accept: a').replace('https://example.com', url)
      expect(problemsOf(text)).toEqual([
        '5:12: an address must not hold credentials; send them as `headers: { authorization: { env: NAME } }`',
      ])
      expect(refusalOf(text)).not.toContain(canary)
    },
  )

  test('in the query of an address', () => {
    const text = withHeaders('accept: a').replace(
      'https://example.com',
      `https://example.com?token=${canary}`,
    )
    expect(problemsOf(text)).toEqual([
      '5:12: an address must not hold a secret; send it as `headers: { authorization: { env: NAME } }`',
    ])
    expect(refusalOf(text)).not.toContain(canary)
  })

  test('behind an alias', () => {
    const text = withHeaders(`accept: &it ${canary}`, 'authorization: *it')
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^8:24: `authorization` must not be written here/),
    ])
    expect(refusalOf(text)).not.toContain(canary)
  })
})

describe('no message shows a secret', () => {
  test.each([
    ['on the line above the problem', withHeaders(`authorization: ${canary}`, 'accept: 5')],
    ['on the line below the problem', withHeaders('accept: 5', `authorization: ${canary}`)],
    ['on the line of the problem', withHeaders(`{ authorization: ${canary}, accept: 5 }`)],
    ['in quotes', withHeaders('accept: 5', `"authorization": "${canary}"`)],
    ['in a block', withHeaders('accept: 5', 'authorization: |', `  ${canary}`)],
    ['on several lines', withHeaders('accept: 5', 'authorization: Bearer', `  ${canary}`, `  ${canary}`)],
    ['in a list', withHeaders('accept: 5', 'authorization:', `- ${canary}`)],
    ['as a key', withHeaders('accept: 5', 'authorization:', `  ${canary}: a`)],
    ['as a key without colon', withHeaders('accept: 5', `authorization ${canary}:`)],
    ['behind an equals sign', withHeaders(`authorization=${canary}`)],
    ['in a list of names and values', withHeaders('- name: authorization', `  value: ${canary}`)],
    ['in a comment', withHeaders('accept: 5', `# authorization: ${canary}`)],
    ['in a comment on several lines', withHeaders('accept: 5', '# authorization: |', `#   ${canary}`)],
    ['once more in another place', withHeaders(`token: ${canary}`, 'accept: 5', `# ${canary}`)],
    ['under an unknown key', `password: ${canary}\nfoo: 1`],
    ['under a key of the wrong place', `health:\n  api-key: ${canary}\n  window: 5`],
    ['as a name of a variable', withHeaders(`authorization: { env: "${canary}" }`)],
    ['beside the name of a variable', withHeaders(`authorization: { env: A, value: ${canary} }`)],
    ['as a number', withHeaders('accept: 5', 'password: 8675309123').replaceAll('8675309123', canary)],
  ])('%s', (_, text) => {
    const message = refusalOf(text)
    expect(message).not.toContain(canary)
    expect(message).toContain('***')
  })

  test.each([
    ['with an open quote before it', withHeaders('accept: "x', `authorization: ${canary}`)],
    ['with an open quote in it', withHeaders(`authorization: "${canary}`, 'accept: x')],
    ['with an open quote on the line above it', withHeaders('authorization: "', `${canary}`)],
    ['with an open bracket in it', withHeaders(`authorization: [${canary}`, `${canary}`)],
    ['with an open mapping', withHeaders(`{ accept: x, authorization: ${canary}`)],
    [
      'with an open mapping on several lines',
      withHeaders('{', '  authorization:', `  ${canary}`, 'accept: x'),
    ],
    ['with a tab', withHeaders('\taccept: x', `\tauthorization: ${canary}`)],
    ['with a block that is not indented', withHeaders('authorization: |', `${canary}`, 'accept: x')],
    ['with wrong indentation', withHeaders(`  authorization: ${canary}`, ' accept: x')],
    ['with two colons', withHeaders(`authorization: Bearer: ${canary}`)],
    ['without a colon', withHeaders(`authorization ${canary}`, 'accept: x')],
    ['with a character that can start no text', withHeaders(`authorization: @${canary}`)],
    ['with a wrong escape', withHeaders(`authorization: "\\q${canary}"`)],
    ['with a key in question marks', withHeaders('? authorization', `: ${canary}`, '"')],
    ['in a second document', `branch: main\n---\ntoken: ${canary}`],
    ['with an alias that carries it', withHeaders(`authorization: *${canary}`)],
    ['with a tag that carries it', withHeaders(`authorization: !${canary} x`)],
    [
      'in a private key',
      withHeaders('accept: "', '-----BEGIN PRIVATE KEY-----', canary, '-----END PRIVATE KEY-----'),
    ],
  ])('of a file that is not YAML: %s', (_, text) => {
    expect(refusalOf(text)).not.toContain(canary)
  })

  test('of a file in which a part of the secret has become a part of a key', () => {
    const text = withHeaders('accept: text/html', `authorization: "${canary}"`, `x-token: { env: ${canary} }`)
    const opened = `${text.slice(0, 145)}\n${text.slice(145)}`
    for (let at = 0; at <= opened.length; at += 1) {
      const broken = `${opened.slice(0, at)}}${opened.slice(at)}`
      const isWhole = [canary, 'authorization', 'x-token'].every((each) => broken.includes(each))
      if (isWhole) expect(refusalOf(broken)).not.toContain(canary)
    }
  })

  const other = 'h0rse-St4ple'

  test.each([
    [
      'in a mapping whose key a comment took',
      withHeaders('accept: a', '#x-token: {').concat(`env: ${other} }\n`),
    ],
    ['behind an anchor of `env`', `ota:\n  access-keys : { &a env: ${other} }\n  password: ${canary}\n`],
    ['in a list of names', `env:\n  - ${other}\npassword: ${canary}\n`],
    ['that became a key', withHeaders('accept: a', `authorization: "${canary}"`).concat(`  ${other}: a\n`)],
    ['that became a value of an unknown key', `password: ${canary}\nremark: ${other}\n`],
    ['that became a comment', `password: ${canary}\n# ${other}\nwindow: 5\n`],
    ['that became an item', `password: ${canary}\nbranch: [\n  ${other}\n]\n`],
  ])('of a second secret: %s', (_, text) => {
    expect(refusalOf(text)).not.toContain(other)
  })

  test('but what the schema knows stays readable below a secret', () => {
    expect(refusalOf(`password: ${canary}\nhealth:\n  window: 5\n  interval: 20s\n`)).toMatchInlineSnapshot(`
"rollback.yml:1:1: unknown key \`password\`; write one of \`environment\`, \`environments\`, \`branch\`, \`paths\`, \`history\`, \`health\`, \`env\`, \`rollback\`, \`code\`, \`database\`, \`ota\`, \`config\`, \`flags\`, \`incident\`, \`notify\`, \`postmortem\`

> 1 | password: ***
    | ^^^^^^^^
  2 | health:
  3 |   window: 5

rollback.yml:1:11: \`password\` must not be written here; put it in a secret and write \`{ env: NAME }\`

> 1 | password: ***
    |           ^
  2 | health:
  3 |   window: 5

rollback.yml:3:11: \`window\` has no unit; write \`5s\` for seconds, \`5m\` for minutes or \`5ms\` for milliseconds

  1 | password: ***
  2 | health:
> 3 |   window: 5
    |           ^
  4 |   interval: 20s"
`)
  })

  test('wherever the file breaks', () => {
    // two secrets: one that is known hides its own kind only
    const text = withHeaders('accept: text/html', `authorization: "${canary}"`, `x-token: { env: ${other} }`)
    const breaks = fc.array(
      fc.record({
        at: fc.nat(text.length),
        with: fc.constantFrom(
          '"',
          "'",
          '{',
          '}',
          '[',
          ']',
          ':',
          '- ',
          '\n',
          '\t',
          '|',
          '&',
          '*',
          '!',
          '#',
          '%',
          ',',
          ': ',
          '\n  ',
          ' # ',
          '&a ',
          '? ',
        ),
      }),
      { minLength: 1, maxLength: 3 },
    )
    fc.assert(
      fc.property(breaks, (all) => {
        const broken = all.reduce(
          (sofar, { at, with: piece }) => sofar.slice(0, at) + piece + sofar.slice(at),
          text,
        )
        // a break within the canary or the name of the header leaves another text than the one to hide
        fc.pre([canary, other, 'authorization', 'x-token'].every((each) => broken.includes(each)))
        const message = findRefusalOf(broken)
        // what turns both lines into comments leaves a valid file
        fc.pre(message !== undefined)
        expect(message).not.toContain(canary)
        expect(message).not.toContain(other)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('masking', () => {
  test('leaves a file without secrets as it is', () => {
    expect(maskLines(example, { values: [], keys: new Set() }).join('\n')).toBe(example)
  })

  test('keeps every line in its place', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('token', ':', ' ', '\n', '"', '{', '|', '-', 'a', '#') }),
        (text) => {
          expect(maskLines(text, { values: [], keys: new Set() })).toHaveLength(text.split('\n').length)
        },
      ),
    )
  })

  test('shows which variable holds a secret', () => {
    const text = withHeaders('authorization:', '  env: HEALTH_TOKEN', 'accept: 5')
    expect(refusalOf(text)).toContain('env: HEALTH_TOKEN')
  })
})
