import type { RootContent } from 'mdast'
import { count } from '../../text/count.ts'
import { bulletList, code, heading, link, paragraph, table, text } from '../../text/markdown.ts'
import type { Rehearsal, Report } from './model.ts'
import { sayMinute, sayMs, sayProblem, sayRehearsalTrend, sayResult, sayShare } from './say.ts'

/** The rehearsals of a job summary: recovery time against the objective by environment and layer, and what would not have worked. */
export function rehearsalSummary({ rehearsals, repositories }: Report): readonly RootContent[] {
  const { total, objectiveMs, environments, layers, newest, wouldNotHaveWorked } = rehearsals
  const head = heading(3, 'Rehearsals')
  if (total === 0) return [head, paragraph('No rehearsal in this period: rollbacks were not tested.')]
  const isMany = repositories.length > 1
  const place = (each: { readonly repository: string; readonly environment: string }) =>
    code(isMany ? `${each.repository}: ${each.environment}` : each.environment)
  return [
    head,
    paragraph(
      `${count(total, 'rehearsal')}. `,
      objectiveMs === null
        ? 'No recovery time objective is set (rollback.objective).'
        : `The recovery time objective is ${sayMs(objectiveMs)}.`,
    ),
    table(
      ['environment', 'last', 'result', 'passed', 'met the objective', 'median', 'p90', 'trend'],
      environments.map((each) => [
        place(each),
        ...[
          sayMinute(each.last),
          sayResult(each.lastResult),
          `${each.passed} of ${each.total}`,
          each.met === null ? '–' : `${each.met} of ${each.duration.n}`,
          sayMs(each.duration.medianMs),
          sayMs(each.duration.p90Ms),
          sayRehearsalTrend(each.trend),
        ].map(text),
      ]),
    ),
    table(
      ['layer', 'rehearsed', 'rolled back', 'median', 'p90', 'share of the objective (p90)'],
      layers.map(({ layer, total: all, succeeded, duration: own, shareOfObjective }) =>
        [
          layer,
          String(all),
          String(succeeded),
          sayMs(own.medianMs),
          sayMs(own.p90Ms),
          sayShare(shareOfObjective),
        ].map(text),
      ),
    ),
    table(
      ['when', 'environment', 'result', 'recovery', 'layers'],
      newest
        .slice(0, 10)
        .map((each) => [
          text(sayMinute(each.at)),
          place(each),
          each.url === null ? text(sayResult(each.result)) : link(each.url, text(sayResult(each.result))),
          text(sayMs(each.durationMs)),
          text(each.layers.map(sayLayer).join(', ')),
        ]),
    ),
    ...(wouldNotHaveWorked.length === 0
      ? []
      : [
          paragraph('What would not have worked:'),
          bulletList(
            wouldNotHaveWorked.map((each) => [
              text(`${sayMinute(each.at)}, `),
              place(each),
              text(`: ${each.problems.map((problem) => sayProblem(problem).slice(0, 200)).join('; ')}`),
            ]),
          ),
        ]),
  ]
}

function sayLayer({ layer, tookMs }: Rehearsal['layers'][number]): string {
  return tookMs === null ? layer : `${layer} ${sayMs(tookMs)}`
}
