import type { Responded } from '../../incident/carry-out.ts'
import type { Incident } from '../../incident/incident.ts'
import { code, heading, paragraph, renderMarkdown, strong, text } from '../../text/markdown.ts'
import type { IncidentStep } from './contract.ts'

const decisions = {
  open: 'opened',
  update: 'updated',
  acknowledge: 'acknowledged',
  escalate: 'escalated',
  publish: 'published',
  resolve: 'resolved',
} as const

/** Sets the outputs and writes the summary of what became of one incident. */
export async function publish(
  step: IncidentStep,
  { incident, changed, reasonCode, why }: Responded,
): Promise<void> {
  const decision = changed ? decisions[step.inputs.operation] : 'unchanged'
  step.setOutputs({ decision, 'reason-code': reasonCode, ...outputsOf(incident) })
  step.log.info(`incident ${incident.incident}: ${decision}${why === '' ? '' : `, ${why}`}`)
  await summarize(step, incident, decision)
}

/** The same of the levels that were due; the outputs are those of the last incident. */
export async function publishEscalations(step: IncidentStep, escalated: readonly Responded[]): Promise<void> {
  const last = escalated.at(-1)
  if (last === undefined) {
    step.setOutputs({ decision: 'unchanged', 'reason-code': 'not-due' })
    step.log.info('no level is due')
    return
  }
  for (const { incident } of escalated) {
    step.log.info(`incident ${incident.incident}: level ${incident.level} is notified`)
    await summarize(step, incident, 'escalated')
  }
  step.setOutputs({ decision: 'escalated', 'reason-code': 'due', ...outputsOf(last.incident) })
}

/** Says that there is no incident to respond to, which fails the step: whoever asked expects one. */
export function publishNone(step: IncidentStep, environment: string): void {
  step.setOutputs({ decision: 'none', 'reason-code': 'no-open-incident' })
  step.fail(
    `the history has no open incident of ${environment}${step.inputs.incident === '' ? '' : ` with the id ${step.inputs.incident}`}; write the id of one in the input "incident"`,
  )
}

function outputsOf({ incident, severity, status, level }: Incident) {
  return { incident, severity, status, level }
}

async function summarize(step: IncidentStep, incident: Incident, decision: string): Promise<void> {
  const { severity, status, level, environment } = incident
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Incident ${decision}`),
      paragraph(
        code(incident.incident),
        text(` of ${environment}: `),
        strong(status),
        text(`, severity ${severity}, level ${level}`),
      ),
    ]),
  )
}
