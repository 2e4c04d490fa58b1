import { InputError } from '../errors.ts'
import { setOutput } from './commands.ts'
import type { Secrets } from './secrets.ts'

export type Outputs<O extends string> = Partial<
  Readonly<Record<O, string | number | boolean | readonly object[] | undefined>>
>

/** The outputs of a step. */
export interface OutputWriter {
  /** Sets outputs, and `result` to all of them as one JSON object with `schema: 1`. What is undefined is not set. */
  readonly set: (outputs: Outputs<string>) => void
  /** For a run that ended with an error: says so, where that is known to be true and the step has said nothing yet. */
  readonly setFailure: (error: unknown) => void
}

/** Opens the outputs of a step; secrets are masked in them. */
export function openOutputs({ redact }: Pick<Secrets, 'redact'>): OutputWriter {
  let isSet = false
  const set: OutputWriter['set'] = (outputs) => {
    isSet = true
    const put = (key: string, value: unknown) =>
      setOutput(key, redact(typeof value === 'object' ? JSON.stringify(value) : String(value)))
    for (const [key, value] of Object.entries(outputs)) if (value !== undefined) put(key, value)
    put('result', { schema: 1, ...outputs })
  }
  return {
    set,
    setFailure: (error) => {
      // any other error may have come after a change, and what is true then is not known here
      if (!isSet && error instanceof InputError) set({ decision: 'failed', 'reason-code': 'invalid-input' })
    },
  }
}
