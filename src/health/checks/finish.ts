import { type Metric, metricDefaults, type Severity } from '../../settings/metrics.ts'

/** Takes the keys that are the same for all types out of a check, and gives the rest beside what they mean. */
export function finish<T extends Rules & Limits & { readonly severity?: Severity | undefined }>(check: T) {
  const {
    'initial-delay': initialDelayMs = 0,
    'on-no-data': onNoData,
    'on-error': onError,
    'failure-limit': failureLimit,
    'consecutive-error-limit': consecutiveErrorLimit,
    'inconclusive-limit': inconclusiveLimit,
    severity,
    metric,
    max,
    min,
    equals,
    ...rest
  } = check
  return {
    ...rest,
    ...(metric === undefined ? {} : { metric }),
    // there is one of both: needLimitAndSeverity saw to it
    severity: severity ?? (metric === undefined ? ('high' as const) : metricDefaults[metric].severity),
    limit: limitOf({ metric, max, min, equals }),
    initialDelayMs,
    onNoData,
    onError,
    ...(failureLimit === undefined ? {} : { failureLimit }),
    ...(consecutiveErrorLimit === undefined ? {} : { consecutiveErrorLimit }),
    ...(inconclusiveLimit === undefined ? {} : { inconclusiveLimit }),
  }
}

/** Takes the keys of all checks, and turns the file's `for` into `forMs`. */
export function finishNumber<T extends Parameters<typeof finish>[0] & { readonly for: number }>(check: T) {
  const { for: forMs, ...rest } = check
  return { ...finish(rest), forMs }
}

interface Rules {
  readonly 'initial-delay'?: number | undefined
  readonly 'on-no-data': 'inconclusive' | 'fail' | 'pass'
  readonly 'on-error': 'error' | 'fail' | 'ignore'
  readonly 'failure-limit'?: number | undefined
  readonly 'consecutive-error-limit'?: number | undefined
  readonly 'inconclusive-limit'?: number | undefined
}

/** How gaps and failures of a check count: the keys of the file as the gate knows them. */
export interface CheckRules {
  readonly initialDelayMs: number
  readonly onNoData: Rules['on-no-data']
  readonly onError: Rules['on-error']
  readonly failureLimit?: number
  readonly consecutiveErrorLimit?: number
  readonly inconclusiveLimit?: number
}

/** A limit; a value beyond any of the numbers breaches it. */
export interface Limit {
  readonly max?: number
  readonly min?: number
  readonly equals?: number
}

interface Limits {
  readonly metric?: Metric | undefined
  readonly max?: number | undefined
  readonly min?: number | undefined
  readonly equals?: number | undefined
}

function limitOf({ metric, max, min, equals }: Limits): Limit {
  if (max === undefined && min === undefined && equals === undefined) {
    return metric === undefined ? {} : metricDefaults[metric].limit
  }
  return {
    ...(max === undefined ? {} : { max }),
    ...(min === undefined ? {} : { min }),
    ...(equals === undefined ? {} : { equals }),
  }
}
