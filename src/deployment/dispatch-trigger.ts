import { parse } from 'yaml'
import { z } from 'zod'

const inputSchema = z
  .object({
    required: z.boolean().default(false),
    default: z.unknown().optional(),
    type: z.string().optional(),
    options: z.array(z.coerce.string()).optional(),
  })
  .nullable()
const triggersSchema = z.union([
  z.string().transform((name) => ({ [name]: null })),
  z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, null]))),
  z.record(z.string(), z.unknown()),
])

/**
 * Why a workflow cannot be started by a dispatch with these inputs; empty when it can.
 * @param text of its file, at the revision that it is started on
 */
export function dispatchProblems(text: string, inputs: Readonly<Record<string, string>>): readonly string[] {
  const triggers = readTriggers(text)
  if (triggers === undefined) return ['its file is not a valid workflow']
  if (!('workflow_dispatch' in triggers)) return ['it has no `workflow_dispatch` trigger']
  const declared = z
    .object({ inputs: z.record(z.string(), inputSchema).default({}) })
    .catch({ inputs: {} })
    .parse(triggers['workflow_dispatch']).inputs
  return [
    ...Object.keys(inputs).flatMap((name) => (name in declared ? [] : [`it has no input \`${name}\``])),
    ...Object.entries(declared).flatMap(([name, input]) => {
      const value = inputs[name]
      if (value === undefined)
        return input?.required === true && input.default === undefined
          ? [`its input \`${name}\` is required, and is not given`]
          : []
      const isOffered = input?.type !== 'choice' || input.options?.includes(value) === true
      return isOffered ? [] : [`its input \`${name}\` does not offer "${value}"`]
    }),
  ]
}

function readTriggers(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return z.object({ on: triggersSchema }).safeParse(parse(text)).data?.on
  } catch {
    return undefined
  }
}
