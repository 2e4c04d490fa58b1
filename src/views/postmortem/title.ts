import type { IncidentFacts } from './incident-facts.ts'
import { mainRollback } from './links.ts'

/** The title, by how things stand. */
export function writeTitle({
  environment,
  revision: bad,
  status,
  rollbacks,
  shortfall,
}: IncidentFacts): string {
  const last = mainRollback(rollbacks)
  // GitHub takes a title of 256 characters
  const name = environment.replace(/\s+/g, ' ').slice(0, 100)
  // what is served is the content of that revision
  if (status === 'rolled back' && last?.deploys?.includes(last.to))
    return `Post-mortem: ${name} rolled back from ${bad.slice(0, 7)} to ${last.to.slice(0, 7)}${shortfall}`
  if (status === 'rolled back' && last !== undefined)
    return `Post-mortem: ${name} at ${bad.slice(0, 7)}, ${last.from.slice(0, 45)} rolled back to ${last.to.slice(0, 45)}${shortfall}`
  if (status === 'rollback undone')
    return `Post-mortem: ${name} at ${bad.slice(0, 7)}, whose rollback was undone`
  if (status === 'rollback proposed')
    return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)}, a rollback is proposed`
  if (status === 'rollback failed')
    return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)} and could not be rolled back`
  return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)}`
}
