import { z } from 'zod'
import type { CheckOf } from '../../config/schema.ts'
import type { Reading } from '../reading.ts'
import { describeBefore } from '../statistics/before.ts'
import { resolveTarget } from '../target.ts'
import { askJson } from './ask-json.ts'
import { countSince } from './count-since.ts'
import type { CheckSurroundings, Look } from './look.ts'

const count = z.number().int().min(0).default(0)
const metricsSchema = z.object({
  metrics: z.record(z.string(), z.object({ installed: count, failed: count })),
})

/** How many times as often as the label before the new one may fail. */
const timesBefore = 1.25

/**
 * Counts the failed of all installs of a label. They are totals of the label, without a time: the first look has all.
 * A server whose store of metrics is off has none, which is no data and not health. A failed install is an update that
 * the device took back, and no crash.
 * @throws InputError for a bad address or an unset secret
 */
export function prepareCodePushCheck(check: CheckOf<'codepush'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const { app, deployment, label, labelBefore } = check
  const judge = countSince(check, surroundings, { noun: 'installs', fromZero: true })
  return {
    at: `${label} of ${app}/${deployment} at ${target.shownUrl}`,
    look: async (_at, signal): Promise<Reading> => {
      const told = await askJson({
        target,
        surroundings,
        signal,
        path: `/apps/${encodeURIComponent(app)}/deployments/${encodeURIComponent(deployment)}/metrics`,
        schema: metricsSchema,
        service: 'the CodePush server',
      })
      if (told.kind !== 'told') return told
      const { metrics } = told.value
      const now = Object.hasOwn(metrics, label) ? metrics[label] : undefined
      if (now === undefined) {
        const why =
          Object.keys(metrics).length === 0 ? 'no metrics at all: is its Redis on?' : `no metrics of ${label}`
        return { kind: 'no-data', note: `the CodePush server has ${why}` }
      }
      const earlier =
        labelBefore !== undefined && Object.hasOwn(metrics, labelBefore) ? metrics[labelBefore] : undefined
      return earlier === undefined
        ? judge(toCounts(now))
        : judge(toCounts(now), describeBefore([toCounts(earlier)]), timesBefore)
    },
  }
}

function toCounts({ installed, failed }: { readonly installed: number; readonly failed: number }) {
  return { bad: failed, of: installed + failed }
}
