import { expect, test } from '@jest/globals'
import { readAnswer } from '../../src/health/checks/prometheus/answer.ts'

const address = 'http://prometheus:9090/'

function read(answer: { readonly status?: number; readonly cut?: boolean; readonly body: unknown }) {
  const { status = 200, cut = false, body } = answer
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readAnswer(
    { kind: 'answer', status, cut, body: text, latencyMs: 1, location: '', headers: new Headers() },
    address,
  )
}

function vectorOf(...values: readonly string[]) {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000.1, value] }))
  return { status: 'success', data: { resultType: 'vector', result } }
}

test.each([
  ['0', 0],
  ['0.05', 0.05],
  ['1e-7', 1e-7],
  ['1.5e+300', 1.5e300],
  ['-12', -12],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
])('one series with %s is that value', (text, value) => {
  expect(read({ body: vectorOf(text) })).toEqual({ kind: 'value', value })
})

test('a scalar is a value', () => {
  const body = { status: 'success', data: { resultType: 'scalar', result: [1_700_000_000, '3'] } }
  expect(read({ body })).toEqual({ kind: 'value', value: 3 })
})

test.each([
  ['no series', vectorOf(), 'the query found no series'],
  ['NaN', vectorOf('NaN'), 'the query gave NaN, as a division of nothing by nothing does'],
])('%s is no data', (_name, body, note) => {
  expect(read({ body })).toEqual({ kind: 'no-data', note })
})

test.each(['', ' ', '0x10', '1_000', 'null', '12abc', 'Infinity', 'nan'])(
  '"%s" is not taken for a number',
  (text) => {
    expect(read({ body: vectorOf(text) })).toEqual({
      kind: 'error',
      note: 'the query gave a value that is not a number',
    })
  },
)

test('several series are an error that says how many, and what to do', () => {
  expect(read({ body: vectorOf('0', '1', '0') })).toEqual({
    kind: 'error',
    note: 'the query found 3 series where one is needed: aggregate it, e.g. sum(...)',
  })
})

test('a warning is shown beside the value, because a part of the data may be missing', () => {
  expect(read({ body: { ...vectorOf('0.01'), warnings: ['remote storage is away'] } })).toEqual({
    kind: 'value',
    value: 0.01,
    note: 'the server warned: remote storage is away',
  })
})

const page = '<html>502 Bad Gateway: canary</html>'
const queryError = {
  status: 'error',
  errorType: 'bad_data',
  error: '1:5: parse error: unexpected end of input',
}

test.each<[string, Parameters<typeof read>[0], string, boolean]>([
  ['a page of a proxy', { status: 502, body: page }, 'answered with status 502', false],
  ['a page that says 200', { body: page }, 'with its path prefix', false],
  ['JSON of something else', { body: { ok: true } }, 'JSON that is not a response of Prometheus', false],
  ['a log-in that is wanted', { status: 302, body: '' }, 'answered with a redirect (status 302)', false],
  ['wrong credentials', { status: 401, body: page }, 'refused the query (status 401)', true],
  ['a query that cannot be parsed', { status: 400, body: queryError }, 'bad_data: 1:5: parse error', true],
  [
    'a query that was too slow',
    { status: 503, body: { status: 'error', errorType: 'timeout', error: 'query timed out' } },
    'answered with timeout: query timed out',
    false,
  ],
  ['an answer without end', { body: '{"status":', cut: true }, 'more than 5 MiB: aggregate the query', false],
  [
    'a range of values',
    { body: { status: 'success', data: { resultType: 'matrix', result: [] } } },
    'wrap it, e.g. rate(...)',
    true,
  ],
  [
    'a text',
    { body: { status: 'success', data: { resultType: 'string', result: [1, 'up'] } } },
    'ask for a number',
    true,
  ],
  [
    'a native histogram',
    {
      body: {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] },
      },
    },
    'ask for a number of it',
    false,
  ],
])('%s is an error; nothing of a page is quoted', (_name, answer, note, permanent) => {
  const reading = read(answer)
  expect(reading).toMatchObject({ kind: 'error', note: expect.stringContaining(note) })
  expect(reading.kind === 'error' && reading.permanent === true).toBe(permanent)
  expect(JSON.stringify(reading)).not.toContain('canary')
})
