import type { InputRule } from './input-rules.ts'
import type { Inputs } from './inputs.ts'

/** The interface of an action. `action.yml` and the tables of the README are generated from it; a test compares them. */
export interface ActionContract<I extends Inputs = Inputs, O extends string = string> {
  /** the folder under `actions/` and `dist/` */
  readonly name: string
  /** as the marketplace and the log show it */
  readonly title: string
  /** one sentence */
  readonly description: string
  readonly branding: { readonly icon: string; readonly color: string }
  /** the permissions that the job's token always needs */
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
  /** what it needs beside that for some of its inputs: when, by permission, e.g. `actions: write` */
  readonly morePermissions?: Readonly<Record<`${string}: ${'read' | 'write'}`, string>>
  /** what to do when the job was cancelled, one sentence without its end */
  readonly afterCancelled: string
  readonly inputs: I
  /** which of them go together: checked before anything else is done, and part of their documentation */
  readonly rules?: readonly InputRule<keyof I & string>[]
  /** its output `decision` is `failed`, and the reason `invalid-input`, where an input or a setting was refused */
  readonly rollsBack?: true
  /** each output with its description */
  readonly outputs: Readonly<Record<O, string>>
}

/** Declares an action's contract; only here so that its types are inferred. */
export function defineAction<const I extends Inputs, const O extends string>(
  contract: ActionContract<I, O>,
): ActionContract<I, O> {
  return contract
}
