/** Secrets reach an action of a called workflow as JSON, and only those that the settings name are taken from it. */
import { expect, test } from '@jest/globals'
import { provideSecrets } from '../../src/actions/given-secrets.ts'
import { InputError } from '../../src/errors.ts'
import { namedVariables } from '../../src/settings/variables.ts'
import { parseConfig } from '../support/parse-config.ts'

const config = parseConfig({
  file: '.github/rollback.yml',
  text: `
env: [EXTRA]
health:
  checks:
    - name: errors
      type: prometheus
      url: https://prometheus.example.com
      query: sum(rate(errors[1m]))
      max: 0.05
      severity: high
      headers: { authorization: { env: PROMETHEUS_AUTHORIZATION } }
database: { url: { env: DATABASE_URL }, storage: "s3://shop-backups/production" }
`,
})

function provide(text: string, env: NodeJS.ProcessEnv = {}) {
  const masked: string[] = []
  provideSecrets(text, { config, env, secrets: { add: (value) => void masked.push(value), redact: String } })
  return { env, masked }
}

test('those that the settings name are taken, and those of the bucket; no others', () => {
  const all = {
    DATABASE_URL: 'postgres://u:p@h/d',
    PROMETHEUS_AUTHORIZATION: 'Bearer x',
    EXTRA: 'extra',
    AWS_ACCESS_KEY_ID: 'AKIA',
    NPM_TOKEN: 'npm',
    github_token: 'ghs',
    PATH: '/evil',
    NODE_OPTIONS: '--require /evil.js',
  }
  const { env, masked } = provide(JSON.stringify(all))
  const { NPM_TOKEN: _, github_token: __, PATH: ___, NODE_OPTIONS: ____, ...taken } = all
  expect(env).toEqual(taken)
  expect(masked.sort()).toEqual(Object.values(taken).sort())
})

test('a variable that the step sets by itself stays; one that is empty there does not', () => {
  const { env } = provide('{"DATABASE_URL":"given","EXTRA":"given"}', { DATABASE_URL: 'own', EXTRA: '' })
  expect(env).toEqual({ DATABASE_URL: 'own', EXTRA: 'given' })
})

test('an empty secret, which is what one that is not there is, leaves the variable unset', () => {
  expect(provide('{"DATABASE_URL":""}').env).toEqual({})
})

test.each(['hunter2', '["hunter2"]', '{"DATABASE_URL":{"deep":"hunter2"}}'])(
  'what is no such text is an error without it: %s',
  (text) => {
    const error = (() => {
      try {
        provide(text)
      } catch (thrown) {
        return thrown
      }
      return undefined
    })()
    expect(error).toBeInstanceOf(InputError)
    expect(String(error)).toContain('write ${{ toJSON(secrets) }}')
    expect(String(error)).not.toContain('hunter2')
  },
)

test('the settings’ names are known', () => {
  expect(namedVariables(config)).toEqual(['DATABASE_URL', 'EXTRA', 'PROMETHEUS_AUTHORIZATION'])
})
