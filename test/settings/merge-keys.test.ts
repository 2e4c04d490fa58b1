/** 14.4: the merge keys of YAML (`<<`) in checks. */
import { expect, test } from '@jest/globals'
import { parseChecks } from '../../src/settings/parse.ts'
import { parseConfig } from '../support/parse-config.ts'
import { checkProblemsOf, problemsOf } from './problems.ts'

test('a check takes what it does not say from another', () => {
  const text = `
- &probe { name: home, type: http, url: https://example.com/, for: 1m, severity: high }
- { <<: *probe, name: shop, url: https://example.com/shop }
- <<: [*probe, { redirects: 0, for: 2m }]
  name: login
`
  const [home, shop, login] = parseChecks({ text, file: 'the test' })
  expect(shop).toEqual({ ...home, name: 'shop', url: 'https://example.com/shop' })
  expect(login).toEqual({ ...home, name: 'login', redirects: 0 })
})

test('so does the settings file', () => {
  const config = parseConfig({
    text: `
environment: production
health:
  checks:
    - &probe { name: home, type: http, url: https://example.com/ }
    - { <<: *probe, name: shop }
`,
    file: 'the test',
  })
  expect(config.health.checks.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'home: http',
    'shop: http',
  ])
})

test('a mistake is shown where it was written, be it merged or not', () => {
  const text = `- &probe { name: home, type: http, url: here, ip: 5 }
- { <<: *probe, name: shop, redirects: -1 }
`
  const places = checkProblemsOf(text).map((sentence) => sentence.split(': ')[0])
  expect(places).toEqual(['1:41', '1:51', '2:40'])
})

test.each([
  ['<<: 5', '1:5'],
  ['a: &list [1]\nb: { <<: *list }', '2:10'],
  ['<<: [{ a: 1 }, text]', '1:5'],
  ['<<:', '1:4'],
])('what can not be merged is one error with its place: %s', (text, place) => {
  expect(problemsOf(text)).toEqual([
    `${place}: the merge key \`<<\` needs a mapping; write an alias of one, such as \`<<: *defaults\`, or a list of such aliases`,
  ])
})

test('a secret that is merged is found where it ends up, and is not shown', () => {
  const text = `- &more { x: &headers { x-any: "Bearer canary0canary0canary0canary" } }
- { name: a, type: http, url: 'https://example.com/', headers: { <<: *headers } }
`
  expect(() => parseChecks({ text, file: 'the test' })).toThrow('this looks like a secret')
  expect(() => parseChecks({ text, file: 'the test' })).not.toThrow('canary0canary')
})

test('a mapping that merges itself ends', () => {
  expect(() => parseChecks({ text: '- &a { name: b, <<: *a }', file: 'the test' })).toThrow()
})

test('a key in quotes is a key', () => {
  expect(checkProblemsOf(`- { "<<": { a: 1 }, name: a, type: http, url: 'https://example.com/' }`)).toEqual([
    expect.stringMatching(/^1:5: unknown key/),
  ])
})
