import { RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import { readToolVersion } from '../tool.ts'

/** How many tables are dumped or loaded side by side. */
export const jobs = 2

/** The tool of the server's own major version where the machine has it; a newer one writes what the server may not read. */
export async function findTool(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly command: string; readonly version: string }> {
  const major = Number.parseInt(server, 10)
  const seen: string[] = []
  for (const command of [`/usr/lib/postgresql/${major}/bin/${name}`, name]) {
    const version = await readToolVersion(command, env, /\(PostgreSQL\) (\d+(?:\.\d+)?)/)
    if (version === undefined) continue
    if (Number.parseInt(version, 10) >= major) return { command, version }
    seen.push(version)
  }
  const found = seen.length === 0 ? 'is not on this machine' : `is of version ${seen.join(', ')}`
  throw new RefusedError(
    `the server is PostgreSQL ${server}, and ${name} ${found}: install postgresql-client-${major}`,
  )
}

/** A connection string and not a name: a name with `=` in it would be taken for one. */
export function connectionString(database: string): string {
  return `dbname='${database.replace(/[\\']/g, '\\$&')}'`
}

/** Works on items, so many at once. After a failure nothing new is begun, and what was begun has ended when it is thrown. */
export async function eachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next)
  }
  const workers = Array.from({ length: width }, () =>
    worker().catch((error: unknown) => {
      waiting.length = 0
      throw error
    }),
  )
  await allEnded(workers)
}
