import { type Severity, severities } from '../text/severity.ts'
import type { QuietHours } from './fields.ts'

/** True when an incident of this severity is not sent at this time. From `from` to before `to`, over midnight where `to` is earlier. */
export function isQuiet(hours: QuietHours | undefined, at: Date, severity: Severity): boolean {
  if (hours === undefined || isAtLeast(severity, hours.except)) return false
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: hours.zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at)
  const { from, to } = hours
  return from <= to ? from <= time && time < to : from <= time || time < to
}

/** True for a severity that is as bad as the other one, or worse. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(least)
}
