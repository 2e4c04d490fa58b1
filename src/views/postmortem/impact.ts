import type { PhrasingContent, RootContent } from 'mdast'
import { breachedChecks } from '../../history/detection.ts'
import { sayDuration } from '../../text/duration.ts'
import { code, heading, table, text } from '../../text/markdown.ts'
import type { Clock } from './clock.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { utc } from './links.ts'

/** What is known of the impact: on users, on the business, on systems. What only people know is asked below. */
export function impact(facts: IncidentFacts, clock: Clock): readonly RootContent[] {
  return [
    heading(2, 'Impact'),
    table(
      ['on', 'what is known'],
      [
        ['users', joined(usersOf(facts, clock), 'Not measured.')],
        ['business', joined(businessOf(facts), 'Not measured. The questions below ask for it.')],
        ['systems', joined(systemsOf(facts), 'Not known.')],
      ],
    ),
  ]
}

const namedChecks = 10

type Line = readonly PhrasingContent[]

function joined(lines: readonly Line[], otherwise: string): readonly PhrasingContent[] {
  if (lines.length === 0) return [text(otherwise)]
  return lines.flatMap((line, n) => [...(n === 0 ? [] : [text(' ')]), ...line])
}

/** How long, how many requests or probes were bad, and how many users it was where a check says so. */
function usersOf({ detection, recovery, impact: assessed }: IncidentFacts, clock: Clock): readonly Line[] {
  const { firstBadAt, recoveredAt, detectedAt } = clock
  const from = firstBadAt ?? detectedAt
  const duration: readonly Line[] =
    from === undefined
      ? []
      : recoveredAt !== undefined
        ? [[text(`Failing for ${sayDuration(Math.max(0, recoveredAt - from))}.`)]]
        : [
            [
              text(
                `Failing since ${utc(from)} UTC; ${recovery === undefined ? 'no recovery was verified' : `the last look found: ${recovery.outcome}`}.`,
              ),
            ],
          ]
  const counted = (detection?.checks ?? []).slice(0, 50).flatMap(({ name, state, failures }): Line[] => {
    if (state !== 'breached' || failures === undefined || failures.of === 0) return []
    const { bad, of } = failures
    const share = `${Math.round((bad / of) * 1000) / 10} %`
    return [[code(name), text(`: ${bad} of ${of} bad (${share}) until the detection.`)]]
  })
  return [...duration, ...counted, ...changesOf(assessed, (each) => !isBusiness(each))]
}

function businessOf({ impact: assessed }: IncidentFacts): readonly Line[] {
  return changesOf(assessed, isBusiness)
}

/** By the name that people gave the check: the gate knows numbers, and not what they are of. */
function isBusiness(name: string): boolean {
  return /order|revenue|sale|checkout|payment|cart|conversion|signup|subscription|booking|engagement/i.test(
    name,
  )
}

function changesOf(assessed: IncidentFacts['impact'], wanted: (name: string) => boolean): readonly Line[] {
  const last = assessed.at(-1)
  return (last?.checks ?? [])
    .filter(({ name }) => wanted(name))
    .map(({ name, before, after, harmed, evidence }) => [
      code(name),
      text(
        before === undefined || after === undefined
          ? `: ${evidence}.`
          : `: ${before} before the deployment, ${after} after it${harmed ? ', which is worse' : ''}.`,
      ),
    ])
}

function systemsOf({ detection, rollbacks, environment }: IncidentFacts): readonly Line[] {
  const breached = breachedChecks(detection)
  const well = (detection?.checks ?? []).filter(({ state }) => state === 'ok')
  const names = (checks: typeof breached): Line => [
    ...checks.slice(0, namedChecks).flatMap(({ name }, n) => [...(n === 0 ? [] : [text(', ')]), code(name)]),
    ...(checks.length > namedChecks ? [text(` and ${checks.length - namedChecks} more`)] : []),
  ]
  const layers = [...new Set(rollbacks.map(({ layer }) => layer))]
  return [
    [text('Environment '), code(environment), text('.')],
    ...(breached.length === 0 ? [] : [[text('Beyond the limit: '), ...names(breached), text('.')]]),
    ...(well.length === 0 ? [] : [[text('Within the limit: '), ...names(well), text('.')]]),
    ...(layers.length === 0 ? [] : [[text(`Rolled back: ${layers.join(', ')}.`)]]),
  ]
}
