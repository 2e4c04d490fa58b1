import { stringify } from 'csv-stringify/sync'
import type { Records } from './failures.ts'
import type { Incidents } from './incidents.ts'
import type { Period } from './period.ts'
import { type Rollback, runOf, timelineOf } from './rollbacks.ts'

/** The columns, and what of a rollback is in them. Times are ISO 8601 in UTC, durations ms, lists are separated by semicolons. */
const columns: Readonly<
  Record<string, (rollback: Rollback, incidents: Incidents) => string | number | undefined>
> = {
  at: ({ at }) => new Date(at).toISOString(),
  ended_at: ({ endedAt }) => (endedAt === undefined ? undefined : new Date(endedAt).toISOString()),
  repository: ({ repository }) => repository,
  environment: ({ environment }) => environment,
  incident: ({ incident }, incidents) => incidents.idOf(incident),
  revision: ({ incident }, incidents) => incidents.revisionOf(incident),
  outcome: ({ outcome }) => outcome,
  standing: ({ standing }) => standing,
  trigger: ({ trigger }) => trigger,
  detected_by: ({ detectedBy }) => detectedBy.join('; '),
  reason: ({ reason }) => reason,
  layers: ({ layers }) => layers.map(({ layer, outcome }) => `${layer}: ${outcome}`).join('; '),
  methods: ({ layers }) => layers.map(({ layer, method }) => `${layer}: ${method}`).join('; '),
  duration_ms: ({ durationMs }) => durationMs,
  run: (rollback, incidents) => runOf(timelineOf(incidents, rollback)),
  postmortem: ({ incident }, incidents) => incidents.issueOf(incident),
}

const atOnce = 200

/**
 * The rollbacks of a period as CSV of RFC 4180, a part at a time, oldest first. A text that a spreadsheet would take for a formula
 * (`=`, `+`, `-`, `@`, tab, carriage return at its start) gets a `'` in front: https://owasp.org/www-community/attacks/CSV_Injection
 */
export function* writeCsv(records: Records, period: Period): Generator<string> {
  const options = { record_delimiter: '\r\n', escape_formulas: true, quoted_match: /[\r\n]/ } as const
  yield stringify([Object.keys(columns)], options)
  const own = records.rollbacks.between(period, ({ at }) => at)
  for (let from = 0; from < own.length; from += atOnce)
    yield stringify(
      [...own.slice(from, from + atOnce)].map((rollback) =>
        Object.values(columns).map((read) => read(rollback, records.incidents)),
      ),
      options,
    )
}
