import type { RootContent } from 'mdast'
import { code, heading, link, paragraph, revision, table, text } from '../../text/markdown.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { utc } from './links.ts'

const dayMs = 24 * 60 * 60_000

/** Whether it happened before: to this revision, or with the same check, files or layers. */
export function recurrence(facts: IncidentFacts, { sameFiles }: Evidence): readonly RootContent[] {
  const { earlier, incidentNow, environment } = facts
  const episodes = incidentNow?.episode ?? 1
  const related = earlier.filter(
    ({ incident, checks, layers }) => checks.length + layers.length > 0 || sameFiles.has(incident),
  )
  if (related.length === 0 && episodes < 2) return []
  const startedAt = Date.parse(facts.events[0]?.at ?? '')
  const lately = earlier.filter(({ at }) => startedAt - Date.parse(at) <= 30 * dayMs).length
  const sameCheck = related.filter(({ checks }) => checks.length > 0).length
  return [
    heading(2, 'Earlier incidents'),
    ...(episodes < 2
      ? []
      : [paragraph(`This incident was opened ${episodes} times: the same revision failed again.`)]),
    ...(related.length === 0
      ? []
      : [
          paragraph(
            text(`This is incident ${lately + 1} of `),
            code(environment),
            text(
              ` in 30 days. Of the earlier incidents in the last six months, ${sameCheck} ${sameCheck === 1 ? 'was' : 'were'} detected by the same check.`,
            ),
          ),
          table(
            ['when (UTC)', 'revision', 'post-mortem', 'same check', 'same files', 'same layer'],
            related.map(({ incident, at, revision: failed, issue, checks, layers }) => [
              utc(at),
              revision(failed),
              issue === undefined ? text('none') : link(issue.url, text(`#${issue.number}`)),
              checks.flatMap((name, n) => [...(n === 0 ? [] : [text(', ')]), code(name)]),
              (sameFiles.get(incident) ?? [])
                .slice(0, 3)
                .flatMap((path, n) => [...(n === 0 ? [] : [text(', ')]), code(path.slice(-80))]),
              text(layers.join(', ')),
            ]),
          ),
        ]),
  ]
}
