import { describe, expect, test } from '@jest/globals'
import { input, readInputs } from '../../src/runner/inputs.ts'

const inputs = {
  token: input.secret({ description: 'A token.', required: true }),
  window: input.duration({ description: 'How long.' }),
  'dry-run': input.flag({ description: 'Change nothing.', default: 'false' }),
  mode: input.choice({ description: 'How.', options: ['plan', 'apply'], default: 'plan' }),
  labels: input.list({ description: 'Labels.' }),
}

describe('readInputs', () => {
  test('gives typed values, and the defaults of what was left empty', () => {
    const env = {
      INPUT_TOKEN: 'ghs_x',
      'INPUT_DRY-RUN': 'true',
      INPUT_WINDOW: '90s',
      INPUT_LABELS: 'a, b\nc,',
      INPUT_MODE: '',
    }
    expect(readInputs({ ...inputs, mode: inputs.labels }, env)).toMatchObject({ mode: [] })
    expect(readInputs(inputs, { ...env, INPUT_MODE: 'apply' })).toEqual({
      token: 'ghs_x',
      window: 90_000,
      'dry-run': true,
      mode: 'apply',
      labels: ['a', 'b', 'c'],
    })
    expect(readInputs(inputs, { INPUT_TOKEN: 'ghs_x' })).toMatchObject({
      window: undefined,
      'dry-run': false,
      mode: 'plan',
      labels: [],
    })
  })

  test.each(['a\nb', 'a\u0085b', 'a\u2028b'])('a name is one line: %j', (text) => {
    const named = { environment: input.name({ description: 'Where.' }) }
    expect(() => readInputs(named, { INPUT_ENVIRONMENT: text })).toThrow(
      'input "environment" holds a line break or a control character; write one line',
    )
  })

  test.each([',', ' , ', '\n,\n'])('a list that was given and names nothing is an error: %j', (text) => {
    expect(() => readInputs(inputs, { INPUT_TOKEN: 'ghs_x', INPUT_LABELS: text })).toThrow(
      `input "labels" is "${text.trim()}", which names nothing; name at least one, or leave it out`,
    )
  })

  test('names every input that is missing or malformed, and what to write instead', () => {
    const env = { 'INPUT_DRY-RUN': 'yes', INPUT_WINDOW: '5', INPUT_MODE: 'aply' }
    expect(() => readInputs(inputs, env)).toThrow(
      expect.objectContaining({
        name: 'InputError',
        message: expect.stringMatching(
          /^input "token" is required and was not given\ninput "window" .*5.*\ninput "dry-run" is "yes"; write true or false\ninput "mode" is "aply"; write one of plan, apply$/,
        ),
      }),
    )
  })
})

test('a size is read in bytes, a name has no line breaks, and a path stays within the repository', () => {
  const read = (kind: keyof typeof input, text: string) => {
    const declared = { value: input[kind]({ description: '', options: [] }) }
    return readInputs(declared, { INPUT_VALUE: text }).value
  }
  expect([read('size', '10GB'), read('size', '500 mb'), read('size', '')]).toEqual([1e10, 5e8, undefined])
  expect([read('path', './db/migrations/'), read('path', 'db')]).toEqual(['db/migrations', 'db'])
  for (const text of ['10', '1.5GB', 'all']) expect(() => read('size', text)).toThrow(/such as 10GB/)
  for (const text of ['/db', '../db', 'db/../..', 'C:\\db', '~/db'])
    expect(() => read('path', text)).toThrow(/a path within the repository/)
  expect(() => read('name', 'production\nstaging')).toThrow(/holds a line break/)
})
