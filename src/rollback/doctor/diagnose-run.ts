import { RefusedError } from '../../errors.ts'
import { describeRefusal } from '../allowed.ts'
import type { ConfiguredContext } from '../front-door.ts'
import type { RollbackOptions } from '../options.ts'
import { readProgress } from '../record.ts'
import { begin, preparationOf } from '../run.ts'
import { type Diagnosis, examine } from './doctor.ts'
import type { DoctorOptions } from './facts.ts'

/** Checks that a rollback of the same options would work now, and that a machine may do it; changes nothing. */
export async function diagnoseRollback(
  options: RollbackOptions,
  context: ConfiguredContext,
  tools: Pick<DoctorOptions, 'run' | 'ownWorkflow' | 'env' | 'fetch' | 'signal'>,
): Promise<Diagnosis> {
  const begun = await begin(options)
  const { openLayers, production } = preparationOf(options, begun)
  const { guard } = preparationOf(options, { ...begun, automatic: true })
  return examine({
    ...context,
    ...tools,
    // nothing has been rolled back in what is examined
    layers: openLayers({
      target: undefined,
      choice: 'changed',
      progress: readProgress([]),
      automatic: begun.automatic,
    }),
    assess: () => production.assess([]),
    guard: async (plan) => {
      const refusal = await guard(plan, false)
      if (refusal !== undefined) throw new RefusedError(describeRefusal(refusal))
    },
    nameOf: String,
  })
}
