import type { RootContent } from 'mdast'
import { count } from '../../text/count.ts'
import {
  bulletList,
  code,
  codeBlock,
  heading,
  link,
  paragraph,
  renderMarkdown,
  revision,
  table,
  text,
} from '../../text/markdown.ts'
import type { Group, Report } from './model.ts'
import { rehearsalSummary } from './rehearsal-summary.ts'
import { doraRows, sayMinute, sayMs, sayShare, sayTrend, trendNames } from './say.ts'

/** The report as the Markdown of a job summary. */
export function writeReportSummary(report: Report): string {
  const { rollbacks, period, recommendations, data, holds } = report
  const days = `${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`
  const head = [
    heading(2, 'Rollback report'),
    paragraph(
      `${days} (UTC), ${count(Math.round(period.days), 'day')}: `,
      `${count(rollbacks.total, 'rollback')}, ${rollbacks.succeeded} succeeded, ${rollbacks.failed} failed, ${rollbacks.pending} pending. `,
      `${count(data.events, 'event')} read${data.imported === 0 ? '' : `, ${data.imported} of them imported`}${data.unreadable === 0 ? '' : `, ${count(data.unreadable, 'line')} not readable`}.`,
    ),
  ]
  if (data.events === 0 && report.dora.deploymentFrequency.n === 0)
    return renderMarkdown([...head, paragraph('There is nothing to report yet: the history has no events.')])
  return renderMarkdown([
    ...head,
    ...(recommendations.length === 0
      ? []
      : [
          heading(3, 'Recommendations'),
          bulletList(recommendations.map((each) => [text(`${each.text} `), text(`(${each.evidence})`)])),
        ]),
    heading(3, 'DORA'),
    table(
      ['metric', 'figure', 'of'],
      doraRows(report).map((row) => row.map(text)),
    ),
    heading(3, 'Rollbacks'),
    groupTable('environment', rollbacks.by.environment),
    groupTable('layer', rollbacks.by.layer),
    groupTable('trigger', rollbacks.by.trigger),
    ...chartOf(report),
    heading(3, 'Trends'),
    table(
      ['metric', 'trend'],
      report.trends.map((trend) => [
        text(trendNames[trend.metric]),
        text(sayTrend(trend, period.bucketDays)),
      ]),
    ),
    heading(3, 'Downtime'),
    table(
      ['environment', 'downtime', 'availability', 'open incidents'],
      report.downtime.environments.map(({ repository, environment, downtimeMs, availability, open }) => [
        code(
          repository === '' || report.repositories.length < 2 ? environment : `${repository}: ${environment}`,
        ),
        text(sayMs(downtimeMs)),
        text(sayShare(availability, 2)),
        text(String(open)),
      ]),
    ),
    ...(holds.length === 0
      ? []
      : [
          heading(3, 'On hold'),
          bulletList(
            holds.map(({ environment, since, actor, because }) => [
              code(environment),
              text(` since ${sayMinute(since)} UTC by `),
              code(actor),
              text(`: ${because}`),
            ]),
          ),
        ]),
    ...rehearsalSummary(report),
    ...recentTable(report),
  ])
}

function groupTable(name: string, groups: readonly Group[]): RootContent {
  return table(
    [name, 'rollbacks', 'success rate', 'pending', 'median', 'p90'],
    groups.map(({ name: own, total, successRate, pending, duration: { medianMs, p90Ms } }) => [
      code(own),
      ...[String(total), sayShare(successRate), String(pending), sayMs(medianMs), sayMs(p90Ms)].map(text),
    ]),
  )
}

/** The rollbacks of each bucket, as GitHub draws it. Its texts are ours: Mermaid has no way to escape. */
function chartOf({ trends, period }: Report): readonly RootContent[] {
  const points = trends.find(({ metric }) => metric === 'rollbacks')?.points ?? []
  if (points.every(({ n }) => n === 0)) return []
  const days = points.map(({ from }) => `"${from.slice(5, 10)}"`)
  const unit =
    period.bucketDays === 1 ? 'a day' : period.bucketDays === 7 ? 'a week' : `in ${period.bucketDays} days`
  return [
    codeBlock(
      [
        'xychart-beta',
        `  title "Rollbacks ${unit}"`,
        `  x-axis [${days.join(', ')}]`,
        '  y-axis "rollbacks"',
        `  bar [${points.map(({ n }) => n).join(', ')}]`,
      ].join('\n'),
      'mermaid',
    ),
  ]
}

function recentTable({ recent }: Report): readonly RootContent[] {
  if (recent.length === 0) return []
  return [
    heading(3, 'Newest rollbacks'),
    table(
      ['when', 'environment', 'revision', 'outcome', 'trigger', 'took', 'reason'],
      recent.map(({ at, environment, revision: failed, outcome, trigger, durationMs, reason, url }) => [
        text(sayMinute(at)),
        code(environment),
        revision(failed),
        url === null ? text(outcome) : link(url, text(outcome)),
        text(trigger),
        text(sayMs(durationMs)),
        text(reason.slice(0, 200)),
      ]),
    ),
  ]
}
