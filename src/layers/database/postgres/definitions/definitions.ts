import { createHash } from 'node:crypto'
import type { Session } from '../connect.ts'
import { setWriting } from '../writing.ts'
import { objects } from './objects.ts'
import { privileges as privilegeQueries } from './privileges.ts'
import { relations } from './relations.ts'

/** SHA-256 of all that is not rows, see `readDefinitions`. */
export async function readSchema(session: Session): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await readDefinitions(session)))
    .digest('hex')
}

/**
 * Every definition of the schema that a dump brings back, a line each. Values of sequences are not in it: they move outside of
 * any transaction, so no dump is of one moment with them. Nor are numbers that a restore gives anew, as those of columns.
 */
export async function readDefinitions(session: Session): Promise<readonly string[]> {
  await setWriting(session)
  const all = [...relations, ...objects, ...privilegeQueries].join(' UNION ALL ')
  const rows = await session.query(
    `SELECT concat_ws(' | ', a, b, c, d) COLLATE "C" AS line FROM (${all}) AS all_of_it (a, b, c, d) ORDER BY 1`,
  )
  return rows.map(({ line }) => line ?? '')
}
