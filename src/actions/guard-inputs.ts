import { input } from '../runner/inputs.ts'

/** The input of every action whose automatic runs have guards. */
export const guardInputs = {
  hold: input.text({
    description:
      'Why automatic rollbacks are on hold, such as from the variable `vars.ROLLBACK_HOLD`. Any text holds automatic rollbacks; manual rollbacks are not held.',
  }),
} as const
