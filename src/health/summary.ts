import type { RootContent } from 'mdast'
import { count } from '../text/count.ts'
import { sayDuration } from '../text/duration.ts'
import { code, codeBlock, heading, paragraph, strong, table } from '../text/markdown.ts'
import { formatTime } from '../text/time.ts'
import { drawChart } from './chart.ts'
import type { Impact } from './impact.ts'
import type { CheckReport, GateReport } from './report.ts'
import type { Response } from './response.ts'
import { formatValue, type Unit } from './value.ts'

const stateNames: Readonly<Record<CheckReport['state'], string>> = {
  ok: 'ok',
  breached: 'beyond its limit',
  undecided: 'too little evidence',
  'no-data': 'no data',
  error: 'check failed to run',
}

/** The verdict, why, and what each check saw, as a section of the job summary. */
export function summarizeReport(
  report: GateReport,
  { decision, because }: Response,
  environment: string,
): readonly RootContent[] {
  const { verdict, checks, rounds, startedAt, endedAt, intervalMs, windowMs } = report
  const [from, to] = [Date.parse(startedAt), Date.parse(endedAt)]
  const watched = `${count(rounds, 'round')}, one every ${sayDuration(intervalMs)}, from ${formatTime(from)} to ${formatTime(to)}; the window was ${sayDuration(windowMs)}.`
  return [
    heading(2, `Health gate: ${verdict}`),
    paragraph('Decision for ', code(environment), ': ', strong(decision), ', because ', because, '.'),
    table(
      ['check', 'severity', 'state', 'last rounds', 'observed'],
      checks.map((check) => [
        code(check.name),
        check.severity,
        check.preExisting ? 'beyond its limit, as before' : stateNames[check.state],
        code(check.trend),
        check.evidence,
      ]),
    ),
    ...checks.filter(({ state }) => state !== 'ok').flatMap((check) => chartOf(check, report)),
    paragraph(watched),
  ]
}

/** What users noticed, before and after. */
export function summarizeImpact({ checks }: Impact, environment: string): readonly RootContent[] {
  const show = (value: number | undefined, unit: Unit) =>
    value === undefined ? '-' : formatValue(value, unit)
  return [
    heading(2, 'What users noticed'),
    paragraph('In ', code(environment), ', before the deployment and since.'),
    table(
      ['what', 'before', 'since', 'harmed', 'in words'],
      checks.map(({ name, unit, before, after, harmed, evidence }) => [
        code(name),
        show(before, unit),
        show(after, unit),
        harmed ? strong('yes') : 'no',
        evidence,
      ]),
    ),
  ]
}

/** Beside the words of the table, for those who see more in a picture. */
function chartOf(check: CheckReport, report: GateReport): readonly RootContent[] {
  const chart = drawChart(check, report)
  return chart === undefined ? [] : [codeBlock(chart, 'mermaid')]
}
