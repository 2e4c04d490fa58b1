import type { CheckReport, GateReport } from './report.ts'

const keptSamples = 60
/** How many checks keep their rounds: an event is a line of a file. */
const mostWithSamples = 5

/** What the history keeps of each check: the rounds only of those that were not well, the decisive ones first. */
export function keepOutcomes({ checks, decidedBy }: Pick<GateReport, 'checks' | 'decidedBy'>) {
  const notWell = checks
    .filter(({ state }) => state !== 'ok')
    .toSorted((a, b) => Number(decidedBy.includes(b.name)) - Number(decidedBy.includes(a.name)))
  const detailed = new Set(notWell.slice(0, mostWithSamples).map(({ name }) => name))
  return checks.map((check) => ({
    name: check.name,
    severity: check.severity,
    state: check.state,
    evidence: check.evidence,
    ...(check.value !== undefined && { value: check.value }),
    ...(check.failingSince !== undefined && { failingSince: check.failingSince }),
    ...(detailed.has(check.name) && detailsOf(check)),
  }))
}

function detailsOf({ unit, limit, forMs, failures, samples }: CheckReport) {
  return {
    ...{ unit, limit, forMs, failures },
    samples: samples
      .slice(-keptSamples)
      .map(({ at, state, value }) => ({ at, state, ...(value !== undefined && { value }) })),
  }
}
