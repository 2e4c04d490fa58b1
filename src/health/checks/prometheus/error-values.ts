import type { CounterSeries } from './counter-increase.ts'

/** The values that a label has where it says how requests ended, those of errors apart. */
interface Vocabulary {
  readonly isValue: (value: string) => boolean
  readonly errors: readonly string[]
  /** the service itself failed, which is bad in every service */
  readonly isFailure: (value: string) => boolean
}

const statuses = Array.from({ length: 200 }, (_, index) => String(400 + index))

const grpcErrors = ['Unknown', 'DeadlineExceeded', 'ResourceExhausted', 'Internal', 'Unavailable', 'DataLoss']
const isServerError = (value: string) => value.startsWith('5')

/** https://www.rfc-editor.org/rfc/rfc9110#section-15 and https://grpc.io/docs/guides/status-codes/ */
const vocabularies: readonly Vocabulary[] = [
  { isValue: (value) => /^[1-5]\d\d$/.test(value), errors: statuses, isFailure: isServerError },
  {
    isValue: (value) => /^[1-5]xx$/i.test(value),
    errors: ['4xx', '5xx', '4XX', '5XX'],
    isFailure: isServerError,
  },
  {
    isValue: (value) => grpcCodes.includes(value),
    errors: grpcErrors,
    isFailure: (value) => grpcErrors.includes(value),
  },
]

const grpcCodes: readonly string[] = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

/**
 * Whether a selector of bad ones that matches nothing is right all the same: it selects from `total`, by a label that is on each series of
 * it and has the status codes of HTTP or gRPC there, would match an error that did not happen yet, and misses no failure that did. Anything
 * else may as well be a mistake.
 * @param series what `total` found
 */
export function couldMatch(
  { bad, total }: { readonly bad: string; readonly total: string },
  series: readonly CounterSeries[],
): boolean {
  const [wanted, all] = [parseSelector(bad), parseSelector(total)]
  if (wanted === undefined || all === undefined || wanted.metric !== all.metric || series.length === 0)
    return false
  const isSame = (a: Matcher) => (b: Matcher) =>
    a.label === b.label && a.operator === b.operator && a.value === b.value
  if (!all.matchers.every((each) => wanted.matchers.some(isSame(each)))) return false
  const own = wanted.matchers.filter((each) => !all.matchers.some(isSame(each)))
  return (
    own.length > 0 &&
    [...Map.groupBy(own, ({ label }) => label)].every(([label, matchers]) => {
      const vocabulary = vocabularies.find(({ isValue }) =>
        series.every(({ labels }) => isValue(labels[label] ?? '')),
      )
      if (vocabulary === undefined) return false
      // a counter at 0 is there so that it has a start: nothing failed
      if (series.some(({ labels, value }) => value > 0 && vocabulary.isFailure(labels[label] ?? '')))
        return false
      return vocabulary.errors.some((value) => matchers.every((each) => matches(each, value)))
    })
  )
}

/** Undefined for what is more than a metric's name and its matchers. */
function parseSelector(
  text: string,
): { readonly metric: string; readonly matchers: readonly Matcher[] } | undefined {
  const [, metric, inside = ''] = /^\s*([A-Za-z_:][\w:]*)\s*(?:\{(.*)\})?\s*$/s.exec(text) ?? []
  if (metric === undefined) return undefined
  const pattern = /\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*(?:,|$)/y
  const matchers: Matcher[] = []
  while (inside.slice(pattern.lastIndex).trim() !== '') {
    const found = pattern.exec(inside)
    if (found === null) return undefined
    const [, label = '', operator = '', double, single] = found
    matchers.push({ label, operator, value: double ?? single ?? '' })
  }
  return { metric, matchers }
}

/** Of regular expressions only what means the same to Prometheus and here. */
function matches({ operator, value: wanted }: Matcher, value: string): boolean {
  if (operator === '=') return value === wanted
  if (operator === '!=') return value !== wanted
  if (wanted.length > 200 || !/^[\w.|()[\]^$?*+-]*$/.test(wanted)) return false
  try {
    return new RegExp(`^(?:${wanted})$`).test(value) === (operator === '=~')
  } catch {
    return false
  }
}
