import type { Group, Report } from './model.ts'

/** Prometheus reads both; OpenMetrics wants units, an end, and no timestamps older than the scrape. */
export type Dialect = 'prometheus' | 'openmetrics'

interface Family {
  readonly name: string
  readonly help: string
  /** of OpenMetrics: the end of the name */
  readonly unit?: 'seconds' | 'ratio'
  readonly samples: readonly Sample[]
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  /** null is left out: no data is no number */
  readonly value: number | null
}

/**
 * The figures of a report as gauges, for the textfile collector of node_exporter or a pushgateway. All are gauges, as they are of a
 * period and go down again.
 * https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
export function writeMetrics(report: Report, dialect: Dialect): string {
  const at = dialect === 'openmetrics' ? ` ${Date.parse(report.generatedAt) / 1000}` : ''
  const lines = familiesOf(report).flatMap(({ name, help, unit, samples }) => {
    const own = samples.filter(({ value }) => value !== null)
    if (own.length === 0) return []
    return [
      ...(dialect === 'openmetrics' && unit !== undefined
        ? [`# TYPE ${name} gauge`, `# UNIT ${name} ${unit}`, `# HELP ${name} ${help}`]
        : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`]),
      ...own.map(({ labels = {}, value }) => `${name}${writeLabels(labels)} ${value}${at}`),
    ]
  })
  return [...lines, ...(dialect === 'openmetrics' ? ['# EOF'] : []), ''].join('\n')
}

function writeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function familiesOf(report: Report): readonly Family[] {
  const { rollbacks, dora, downtime, period, recommendations, holds, data } = report
  const {
    changeFailRate,
    failedDeploymentRecoveryTime,
    timeToDetect,
    deploymentFrequency,
    leadTime,
    reworkRate,
  } = dora
  const ratio = (name: string, help: string, value: number | null): Family => {
    return { name, help, unit: 'ratio', samples: [{ value }] }
  }
  const count = (name: string, help: string, value: number): Family => ({ name, help, samples: [{ value }] })
  const percentiles = (
    name: string,
    help: string,
    own: { medianMs: number | null; p90Ms: number | null },
  ): Family => ({
    ...{ name, help, unit: 'seconds' },
    samples: [
      { labels: { percentile: '50' }, value: seconds(own.medianMs) },
      { labels: { percentile: '90' }, value: seconds(own.p90Ms) },
    ],
  })
  const groups = (by: string, own: readonly Group[]): readonly Sample[] =>
    own.flatMap((group) =>
      (['succeeded', 'failed', 'pending'] as const).map((standing) => {
        return { labels: { [by]: group.name, standing }, value: group[standing] }
      }),
    )
  return [
    count('rollback_report_events', 'Distinct events that were read.', data.events),
    {
      ...count('rollback_report_period_seconds', 'Length of the reported period.', period.days * 86_400),
      unit: 'seconds',
    },
    {
      name: 'rollback_rollbacks',
      help: 'Rollbacks of the period, by environment and result.',
      samples: groups('environment', rollbacks.by.environment),
    },
    {
      name: 'rollback_layer_rollbacks',
      help: 'Rollbacks of the period, by layer and result.',
      samples: groups('layer', rollbacks.by.layer),
    },
    ratio(
      'rollback_success_ratio',
      'Rollbacks that succeeded, of those that succeeded or failed.',
      rollbacks.successRate,
    ),
    percentiles(
      'rollback_duration_seconds',
      'From the first check of production to the end.',
      rollbacks.duration,
    ),
    {
      name: 'rollback_downtime_seconds',
      help: 'Time of the period in which an environment was failing.',
      unit: 'seconds',
      samples: downtime.environments.map(({ repository, environment, downtimeMs }) => {
        return { labels: { repository, environment }, value: seconds(downtimeMs) }
      }),
    },
    count(
      'rollback_open_incidents',
      'Incidents of the period whose recovery was never verified.',
      downtime.open,
    ),
    ratio('rollback_dora_change_fail_ratio', 'Failed deployments of all deployments.', changeFailRate.value),
    percentiles(
      'rollback_dora_failed_deployment_recovery_seconds',
      'From a failed deployment to the verified recovery.',
      failedDeploymentRecoveryTime,
    ),
    percentiles(
      'rollback_time_to_detect_seconds',
      'From a failed deployment to the check that detected it.',
      timeToDetect,
    ),
    count('rollback_dora_deployments', 'Deployments of the period.', deploymentFrequency.n),
    percentiles('rollback_dora_lead_time_seconds', 'From the deployed commit to its deployment.', leadTime),
    ratio(
      'rollback_dora_rework_ratio',
      'Deployments that a rollback made, of all deployments.',
      reworkRate.value,
    ),
    {
      name: 'rollback_recommendation',
      help: 'The figure that a recommendation is about.',
      samples: recommendations.map(({ id, value }) => ({ labels: { id }, value })),
    },
    {
      name: 'rollback_hold',
      help: '1 for an environment whose automatic rollbacks are on hold.',
      samples: holds.map(({ repository, environment }) => ({
        labels: { repository, environment },
        value: 1,
      })),
    },
  ]
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
