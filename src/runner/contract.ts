import type { Inputs } from './inputs.ts'

/** What an action promises its users. `action.yml` and the README's tables say the same; a test holds the three together. */
export interface ActionContract<I extends Inputs = Inputs, O extends string = string> {
  /** the folder under `actions/` and `dist/` */
  readonly name: string
  readonly inputs: I
  /** each output with its description */
  readonly outputs: Readonly<Record<O, string>>
}

/** Declares an action's contract; only here so that its types are inferred. */
export function defineAction<const I extends Inputs, const O extends string>(
  contract: ActionContract<I, O>,
): ActionContract<I, O> {
  return contract
}
