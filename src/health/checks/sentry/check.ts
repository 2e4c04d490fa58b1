import { z } from 'zod'
import type { CheckOf } from '../../../settings/schema.ts'
import type { Reading } from '../../reading.ts'
import { resolveTarget } from '../../target.ts'
import { askJson } from '../ask-json.ts'
import { countSince } from '../count-since.ts'
import type { CheckSurroundings, Look } from '../look.ts'

const answerSchema = z.object({
  groups: z.array(
    z.object({
      by: z.record(z.string(), z.unknown()),
      totals: z.record(z.string(), z.number().nullable()),
    }),
  ),
})

const fields = { sessions: 'sum(session)', users: 'count_unique(user)' } as const

/**
 * Counts the crashed sessions, or users with one, of all of a release. Sentry rounds every range to hours, so that no
 * window of minutes can be asked for; the totals of the release can, and the gate takes what was added.
 * https://docs.sentry.io/api/releases/retrieve-release-health-session-statistics/
 * @throws InputError for a bad address or an unset secret
 */
export function prepareSentryCheck(check: CheckOf<'sentry'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const { organization, project, release, environment, of } = check
  const field = fields[of]
  const count = countSince(check, surroundings, { noun: of, fromZero: true })
  return {
    at: `${of} of ${release} at ${target.shownUrl}`,
    look: async (_at, signal): Promise<Reading> => {
      const answer = await askJson({
        target,
        surroundings,
        signal,
        path: `/api/0/organizations/${encodeURIComponent(organization)}/sessions/`,
        parameters: {
          field,
          groupBy: 'session.status',
          // quotes keep a release with spaces in one piece
          query: `release:"${release.replace(/["\\]/g, '\\$&')}"`,
          project: String(project),
          statsPeriod: '1d',
          interval: '1d',
          ...(environment !== undefined && { environment }),
        },
        schema: answerSchema,
        service: 'Sentry',
      })
      if (answer.kind !== 'answered') return answer
      const { groups } = answer.value
      if (groups.length === 0) return { kind: 'no-data', note: `Sentry has no ${of} of that release` }
      const totals = { bad: 0, of: 0 }
      for (const { by, totals: counted } of groups) {
        const value = counted[field] ?? 0
        totals.of += value
        if (by['session.status'] === 'crashed') totals.bad += value
      }
      return count(totals)
    },
  }
}
