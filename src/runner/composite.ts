import { parse } from 'yaml'
import { z } from 'zod'

const stepSchema = z.object({
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.coerce.string()).default({}),
})

const manifestSchema = z.object({
  name: z.string(),
  description: z.string(),
  branding: z.object({ icon: z.string(), color: z.string() }),
  inputs: z.record(
    z.string(),
    z.object({ description: z.string(), required: z.boolean(), default: z.string().default('') }),
  ),
  outputs: z.record(z.string(), z.object({ description: z.string(), value: z.string() })),
  runs: z.object({ using: z.literal('composite'), steps: z.array(stepSchema).min(1) }),
})

/** A composite action, as far as the documents and the tests go by its manifest. */
export interface Composite {
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly required: boolean; readonly default: string }>
  >
  /** each output with its description */
  readonly outputs: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, string>>
  readonly steps: readonly z.infer<typeof stepSchema>[]
}

/** Reads the `action.yml` of a composite action. @throws ZodError for one that lacks a part */
export function readComposite(manifest: string): Composite {
  const { inputs, outputs, runs } = manifestSchema.parse(parse(manifest))
  const each = (part: 'description' | 'value') =>
    Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output[part]]))
  return { inputs, outputs: each('description'), values: each('value'), steps: runs.steps }
}
