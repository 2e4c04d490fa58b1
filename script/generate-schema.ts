import { writeFileSync } from 'node:fs'
import { renderJsonSchema } from '../src/config/json-schema.ts'

/** Writes `schema/rollback.schema.json`, which editors complete `.github/rollback.yml` from. */
writeFileSync(new URL('../schema/rollback.schema.json', import.meta.url), renderJsonSchema())
