import { z } from 'zod'
import { configSchema } from './schema.ts'

/**
 * The JSON Schema of what the file may say, as text. Draft 7, as that is what the YAML language servers of editors
 * understand in full.
 */
export function renderJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' })
  const described = { $schema, title: 'Rollback configuration (.github/rollback.yml)', ...schema }
  return `${JSON.stringify(described, null, 2)}\n`
}
