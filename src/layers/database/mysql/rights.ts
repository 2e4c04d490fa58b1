import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'

/** What loading a copy and moving tables takes: https://mariadb.com/kb/en/rename-table/ */
const needed = ['SELECT', 'INSERT', 'CREATE', 'DROP', 'ALTER', 'LOCK TABLES'] as const

/**
 * A restore makes databases beside the live one, and moves tables between them.
 * @throws RefusedError that names the rights and the grant: before anything was begun
 */
export async function refuseLackOfRights(session: Session, databases: readonly string[]): Promise<void> {
  const [who] = await session.query('SELECT CURRENT_USER() AS user, CURRENT_ROLE() AS role')
  // what a role may do is not told of its users
  if (who?.['role'] !== null && who?.['role'] !== 'NONE') return
  const grantee = `'${String(who['user']).replace(/@(?=[^@]*$)/, "'@'")}'`
  for (const database of databases) {
    const rows = await session.query(
      `SELECT PRIVILEGE_TYPE AS kind FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?
       UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ? AND ? LIKE TABLE_SCHEMA`,
      [grantee, grantee, database],
    )
    const has = new Set(rows.map(({ kind }) => String(kind)))
    const lacks = needed.filter((each) => !has.has(each))
    if (lacks.length > 0)
      throw new RefusedError(
        `user ${who['user']} lacks ${lacks.join(', ')} on ${database}: grant it what it may do on the database on \`${databases[0]}%\` too, where the copy and what was replaced are`,
      )
  }
}
