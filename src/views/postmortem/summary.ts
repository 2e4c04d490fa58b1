import type { RootContent } from 'mdast'
import { breachedChecks } from '../../history/detection.ts'
import { sayDuration } from '../../text/duration.ts'
import {
  bulletList,
  code,
  comment,
  heading,
  paragraph,
  revision,
  strong,
  table,
  text,
} from '../../text/markdown.ts'
import { type Clock, measuresOf } from './clock.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { commitLink, type Links, mainRollback, utc } from './links.ts'

/** How it stands, and how long each part took. */
export function summary(
  facts: IncidentFacts,
  clock: Clock,
  evidence: Evidence,
  links: Links,
): readonly RootContent[] {
  const { environment, revision: bad, status, shortfall, recovery, detection, rollbacks } = facts
  const { failures, incidentNow } = facts
  const last = mainRollback(rollbacks)
  const failure = failures.at(-1)
  const measures = measuresOf(clock)
  return [
    heading(2, 'Summary'),
    inWords(facts, clock),
    table(
      ['', ''],
      [
        ['Environment', code(environment)],
        ['Status', strong(status === 'rolled back' ? `${status}${shortfall}` : status)],
        ...(incidentNow === undefined
          ? []
          : [
              [
                'Severity',
                [
                  strong(incidentNow.severity),
                  text(incidentNow.isSeveritySet ? ', set by a person' : ', by the failing checks'),
                ],
              ] as const,
            ]),
        ...(recovery === undefined
          ? []
          : [['Production', [strong(recovery.outcome), text(`: ${recovery.because}`)]] as const]),
        ['Failed revision', commitLink(bad, links)],
        ...(last === undefined
          ? []
          : [['Restored', [commitLink(last.to, links), text(`: ${last.targetFoundBy}`)]] as const]),
        ...(detection === undefined
          ? []
          : [['Detected', text(`${utc(detection.at)} UTC: ${detection.because}`)] as const]),
        ...(last === undefined ? [] : [['Reason given', text(last.reason)] as const]),
        ...(failure === undefined || last !== undefined
          ? []
          : [['Why it was not rolled back', text(failure.because)] as const]),
      ],
    ),
    // by this Four Keys joins an incident with its deployment; hidden, because that the revision failed is all we know
    // https://github.com/dora-team/fourkeys/blob/main/queries/incidents.sql
    comment(`root cause: ${bad}`),
    ...(measures.length === 0
      ? []
      : [
          heading(2, 'How long it took'),
          table(
            ['measure', 'time', 'from', 'to'],
            measures.map(({ name, ms, from, to }) => [name, strong(sayDuration(ms)), from, to]),
          ),
        ]),
    ...(clock.deployedAt === undefined && detection !== undefined
      ? [
          paragraph(
            'GitHub has no deployment of this revision that could be read, so nothing is counted from it.',
          ),
        ]
      : []),
    ...(evidence.unread.length === 0
      ? []
      : [paragraph('Not read:'), bulletList(evidence.unread.map((each) => [text(each)]))]),
  ]
}

/** Three sentences for whoever reads no further. */
function inWords(facts: IncidentFacts, clock: Clock): RootContent {
  const { environment, revision: failed, detection, rollbacks, failures, proposals, recovery } = facts
  const called = breachedChecks(detection).map(({ name }) => name)
  const waited = measuresOf(clock).find(({ name }) => name === 'Time to detect')
  const noticed =
    detection === undefined
      ? [text(' No check detected it.')]
      : [
          text(' '),
          ...(called.length === 0 ? [text('The health gate')] : namesOf(called)),
          text(
            ` detected it${waited === undefined ? '' : ` ${sayDuration(waited.ms)} after the deployment`}.`,
          ),
        ]
  const layers = [...new Set(rollbacks.map(({ layer }) => layer))].join(', ')
  const done =
    layers !== ''
      ? ` Rolled back: ${layers}.`
      : proposals.length > 0
        ? ' A rollback is proposed.'
        : failures.length > 0
          ? ' It could not be rolled back.'
          : ' Nothing was rolled back.'
  const now = recovery === undefined ? ' No recovery was verified.' : ` Production: ${recovery.outcome}.`
  return paragraph(
    code(environment),
    text(' had an incident with '),
    revision(failed),
    text('.'),
    ...noticed,
    text(`${done}${now}`),
  )
}

function namesOf(names: readonly string[]) {
  return names.slice(0, 3).flatMap((name, n) => [...(n === 0 ? [] : [text(', ')]), code(name)])
}
