import { input } from '../runner/inputs.ts'

/** The input of every action whose automatic runs are guarded. */
export const guardInputs = {
  hold: input.text({
    description:
      'Why automatic rollbacks are on hold, e.g. from the variable `vars.ROLLBACK_HOLD`: with any text, manual approval is required.',
  }),
} as const
