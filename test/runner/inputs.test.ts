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
