import type { Severity } from '../text/severity.ts'

export { type Severity, severities } from '../text/severity.ts'

/** What a check measures, where it is one of the well-known things. */
export const metrics = ['error-rate', 'response-time', 'cpu', 'memory', 'crash-rate'] as const
export type Metric = (typeof metrics)[number]

/** The metrics that a probe over HTTP can measure by itself. */
export const httpMetrics = ['error-rate', 'response-time'] as const satisfies readonly Metric[]

interface MetricDefault {
  readonly limit: { readonly max: number }
  readonly severity: Severity
  /** a ratio runs from 0 to 1 */
  readonly unit: 'ratio' | 'ms'
  readonly meaning: string
}

/** The limit and severity of a check that names its metric and nothing else. */
export const metricDefaults: Readonly<Record<Metric, MetricDefault>> = {
  'error-rate': {
    limit: { max: 0.05 },
    severity: 'high',
    unit: 'ratio',
    meaning: 'share of requests that failed',
  },
  'response-time': {
    limit: { max: 5000 },
    severity: 'medium',
    unit: 'ms',
    meaning: '95th percentile of response times',
  },
  cpu: { limit: { max: 0.9 }, severity: 'medium', unit: 'ratio', meaning: 'share of the CPU in use' },
  memory: { limit: { max: 0.9 }, severity: 'medium', unit: 'ratio', meaning: 'share of the memory in use' },
  'crash-rate': {
    limit: { max: 0.01 },
    severity: 'critical',
    unit: 'ratio',
    meaning: 'share of sessions that crashed',
  },
}

/** The table above as a sentence for the editor: `error-rate: above 0.05, high`. */
export function describeMetrics(names: readonly Metric[]): string {
  return names
    .map((name) => {
      const { limit, severity, unit, meaning } = metricDefaults[name]
      return `${name}: ${meaning}, ${severity} above ${limit.max}${unit === 'ms' ? ' ms' : ''}`
    })
    .join('; ')
}
